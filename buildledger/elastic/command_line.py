"""How a worker's program is called, and how it is started at most once on any system with a shell."""

from __future__ import annotations

import os
from collections.abc import Mapping

from buildledger.config.machines import GATEWAY, StartBase
from buildledger.elastic.driver import MARK_VARIABLE, Gateway, Machine, StartError

TOKEN_VARIABLE = "BUILDLEDGER_WORKER_TOKEN"  # noqa: S105 - the name of a variable
"""Where workers look for their enrollment token; arguments could be read by every user of the machine."""
KEPT_VARIABLES = frozenset({"HOME", "LANG", "LOGNAME", "PATH", "SHELL", "TMPDIR", "TZ", "USER"})
KEPT_PREFIXES = ("LC_", "XDG_")
NETWORK_VARIABLES = frozenset(
    {"ALL_PROXY", "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "all_proxy", "https_proxy", "http_proxy", "no_proxy"}
    | {"CURL_CA_BUNDLE", "GIT_SSL_CAINFO", "NODE_EXTRA_CA_CERTS", "PIP_CERT", "REQUESTS_CA_BUNDLE"}
    | {"SSL_CERT_DIR", "SSL_CERT_FILE"}
)
"""How this machine gets to the network at all, without which no package manager reaches its registry."""

LAUNCH = """
set -eu
umask 077
directory=$1 start=$2
shift 2
mkdir -p "$directory"
cd "$directory"
for old in start-*.pid; do
    [ "$old" = "start-$start.pid" ] || rm -f "$old"
done
echo "$$" > "claim.$$"
ln "claim.$$" "start-$start.pid" 2> /dev/null || { rm -f "claim.$$"; exit 75; }
rm -f "claim.$$"
exec "$@" < /dev/null > output.log 2>&1
"""
"""Becomes the worker, unless that start was made already: of any number of tries exactly one can make the link."""


def worker_options(settings: StartBase) -> list[str]:
    """The options that every worker takes, but for those that say where it is."""
    options = ["--capacity", str(settings.capacity)]
    if settings.ca is not None:
        options += ["--ca", settings.ca]
    elif settings.tls:
        options += ["--tls"]
    return options


def server_of(settings: StartBase, gateway: Gateway) -> str:
    """The address that the worker connects to; `GATEWAY` stands for this server's own.

    Raises:
        StartError: If there is none, or the worker wouldn't be understood there.
    """
    if settings.server != GATEWAY:
        return settings.server
    if not gateway.address:
        raise StartError("this process of the server doesn't listen for workers: say where they connect with `server`")
    if gateway.secured and not (settings.tls or settings.ca):
        raise StartError("the server's worker port has a certificate: let the worker check it, with `ca` or `tls`")
    return gateway.address


def inherited(environment: Mapping[str, str] | None = None) -> dict[str, str]:
    """What a process may have of the server's own environment, which may hold secrets."""
    own = os.environ if environment is None else environment
    return {name: value for name, value in own.items() if _is_kept(name)}


def _is_kept(name: str) -> bool:
    return name in KEPT_VARIABLES or name in NETWORK_VARIABLES or name.startswith(KEPT_PREFIXES)


def worker_environment(machine: Machine, token: str) -> dict[str, str]:
    """What a worker is told beside its arguments."""
    return {MARK_VARIABLE: machine.mark, TOKEN_VARIABLE: token}
