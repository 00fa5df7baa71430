"""What a worker's process is given of the server's environment."""

from __future__ import annotations

from buildledger.elastic.command_line import inherited


def test_the_way_to_the_network_is_inherited_and_secrets_are_not() -> None:
    """Proxies and certificates, without which no registry is reached; nothing that nobody has named."""
    given = {
        "PATH": "/usr/bin",
        "HTTPS_PROXY": "http://proxy.example:3128",
        "no_proxy": "localhost",
        "SSL_CERT_FILE": "/etc/ssl/own.pem",
        "LC_ALL": "C.UTF-8",
    }
    secrets = {"BUILDLEDGER_SECRET_PYPI": "x", "AWS_SECRET_ACCESS_KEY": "x", "GITHUB_TOKEN": "x", "PGPASSWORD": "x"}
    assert inherited(given | secrets) == given
