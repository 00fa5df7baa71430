"""Which repository addresses are taken, and what they lead git to."""

from __future__ import annotations

import pytest

from buildledger.sources.git.address import RefusedAddressError, parse
from buildledger.sources.git.command import environment, serving


@pytest.mark.parametrize(
    ("url", "scheme", "path"),
    [
        ("https://git.acme.example/widget.git", "https", None),
        ("https://jane@git.acme.example:8443/widget.git", "https", None),
        ("http://[::1]:8080/widget.git", "http", None),
        ("ssh://git@git.acme.example:22/widget.git", "ssh", None),
        ("git@git.acme.example:acme/widget.git", "ssh", None),
        ("git.acme.example:widget.git", "ssh", None),
        ("git://git.acme.example/widget.git", "git", None),
        ("file:///srv/git/widget%20one.git", "file", "/srv/git/widget one.git"),
        ("/srv/git/widget.git", "file", "/srv/git/widget.git"),
        ("C:/git/widget.git", "file", "C:/git/widget.git"),
    ],
)
def test_usual_addresses(url: str, scheme: str, path: str | None) -> None:
    """Every way of writing an address that git documents for these transports."""
    address = parse(url)
    assert (address.url, address.scheme, address.path) == (url, scheme, path)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "-uwhatever",
        "--upload-pack=touch owned",
        "ext::sh -c 'touch owned'",
        "ext::sh",
        "fd::17/foo",
        "::anything",
        "https::https://acme.example/x",
        "ftp://acme.example/x.git",
        "javascript://x/y",
        "ssh://-oProxyCommand=touch/x",
        "ssh://%2DoProxyCommand=touch/x",
        "ssh://-oProxyCommand=touch@acme.example/x",
        "ssh://acme.example/-x",
        "-oProxyCommand=touch:x",
        "jane@-oProxyCommand=touch:x",
        "acme.example:-x",
        "https://acme.example/\nhost=evil.example",
        "https://acme.example/%0ahost=evil.example",
        "https://acme.example/a b",
        "https:///nohost",
        "https://[::1/x",
        "file://host/path",
        "file:///x%00y",
        "relative/path",
        "../up",
        "a",
    ],
)
def test_addresses_that_could_mislead_git(url: str) -> None:
    """Options, helpers that are programs, hosts that are options, line breaks and unknown transports are refused."""
    with pytest.raises(RefusedAddressError):
        parse(url)


def test_a_password_is_refused_and_not_repeated() -> None:
    """What is configured stands in facts for ever, so it holds no secret; nor does the message about it."""
    with pytest.raises(RefusedAddressError) as refused:
        parse("https://jane:hunter2@acme.example/x.git")
    assert "hunter2" not in str(refused.value)


def test_protocols() -> None:
    """A repository on the network can't lead git into the file system; one in the file system may have neighbours."""
    assert environment(parse("https://acme.example/x"))["GIT_ALLOW_PROTOCOL"] == "https:ssh"
    assert environment(parse("file:///srv/x"))["GIT_ALLOW_PROTOCOL"] == "https:ssh:file"
    assert environment(parse("http://acme.example/x"))["GIT_ALLOW_PROTOCOL"] == "https:ssh:http"
    assert environment()["GIT_ALLOW_PROTOCOL"] == "https:ssh"


def test_a_path_is_one_word_for_the_shell() -> None:
    """Git hands the name of the serving program to a shell; nothing in a path gets out of its quotes."""
    (argument,) = serving(parse("/srv/it's $(touch owned);x".replace(" ", "_")))
    assert argument.startswith("--upload-pack=git -c 'safe.directory=/srv/it'\"'\"'s_$(touch_owned);x' ")
    assert serving(parse("https://acme.example/x")) == ()
