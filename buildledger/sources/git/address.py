"""Repository addresses: what kind they are, and which are refused."""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit

import msgspec

from buildledger.sources.failures import RefusedError
from buildledger.sources.port import AddressProblem

SCHEMES = frozenset({"https", "http", "ssh", "git", "file"})
ALWAYS_ALLOWED = ("https", "ssh")
"""What a repository may lead git to (a submodule, a redirect) wherever it is itself."""

CONFIGURED_SCHEMES = ("https", "http", "ssh", "git", "file")
"""In the order in which they are proposed."""

_HELPER = re.compile(r"[A-Za-z0-9+.-]*::")
"""`ext::…` and the like: git would run a program of that name."""
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_SCP = re.compile(r"(?:(?P<user>[^@/:]*)@)?(?P<host>\[[^\]]*\]|[^/:@]+):(?P<path>.*)", re.DOTALL)
_CONFIGURED_SCP = re.compile(r"(?:[A-Za-z0-9_.][A-Za-z0-9_.-]*@)?[A-Za-z0-9_.][A-Za-z0-9_.-]*:(?!//|-)[^\s\\]+\Z")
_WINDOWS_DRIVE = re.compile(r"[A-Za-z]:[/\\]")


class RefusedAddressError(RefusedError):
    """An address that git could be misled by, or that holds a secret."""

    def __init__(self, url: str, reason: str) -> None:
        shown = re.sub(r"(://[^/@:]*):[^/@]*@", r"\1:***@", url)
        super().__init__(f"the repository address {shown!r} can't be used: {reason}")


class Address(msgspec.Struct, frozen=True, kw_only=True):
    """An address that may be given to git."""

    url: str
    scheme: str
    path: str | None = None
    """Of a repository in the file system: its absolute path, decoded."""

    @property
    def protocols(self) -> str:
        """GIT_ALLOW_PROTOCOL: what is always allowed, and what the configured address itself uses."""
        return ":".join(dict.fromkeys((*ALWAYS_ALLOWED, self.scheme)))


def parse(url: str) -> Address:
    """The address, understood as git would.

    Raises:
        RefusedAddressError
    """
    if not url or url.startswith("-"):
        raise RefusedAddressError(url, "it is empty or could be taken for an option")
    if not url.isprintable() or " " in url:
        raise RefusedAddressError(url, "it holds white space or control characters")
    if _HELPER.match(url):
        raise RefusedAddressError(url, "'::' would make git run a program")
    if url.startswith("/") or _WINDOWS_DRIVE.match(url):
        return Address(url=url, scheme="file", path=url)
    if match := _SCHEME.match(url):
        return _with_scheme(url, match[1].lower())
    if match := _SCP.fullmatch(url):
        _check_host(url, match["host"], match["user"])
        if not match["path"] or match["path"].startswith("-"):
            raise RefusedAddressError(url, "its path is empty or could be taken for an option")
        return Address(url=url, scheme="ssh")
    raise RefusedAddressError(url, "it is neither a URL, nor user@host:path, nor an absolute path")


def _with_scheme(url: str, scheme: str) -> Address:
    if scheme not in SCHEMES:
        raise RefusedAddressError(url, f"'{scheme}' isn't one of {', '.join(sorted(SCHEMES))}")
    if scheme == "file":
        path = unquote(url[len("file://") :])
        if not path.startswith("/"):
            raise RefusedAddressError(url, "a file address has three slashes, then the absolute path")
        if not path.isprintable():
            raise RefusedAddressError(url, "it holds control characters")
        return Address(url=url, scheme=scheme, path=path)
    try:
        parts = urlsplit(url)
        host, user, password = parts.hostname, parts.username, parts.password
    except ValueError as error:
        raise RefusedAddressError(url, str(error)) from error
    if password:
        raise RefusedAddressError(url, "it holds a password, which would be stored for ever")
    _check_host(url, host, unquote(user or ""))
    if not unquote(url).isprintable() or unquote(parts.path).startswith("/-"):
        raise RefusedAddressError(url, "its path holds control characters or could be taken for an option")
    return Address(url=url, scheme=scheme)


def _check_host(url: str, host: str | None, user: str | None) -> None:
    if not host:
        raise RefusedAddressError(url, "it names no host")
    if unquote(host).startswith("-") or (user or "").startswith("-"):
        raise RefusedAddressError(url, "its host or user could be taken for an option")


def problem(url: str) -> AddressProblem | None:
    """Why an address of a configuration isn't taken; None if it is. Stricter than `parse`, and with a hint."""
    if not url or url.startswith("-") or any(character.isspace() for character in url):
        return AddressProblem(
            "this is no address of a repository", "https://…, ssh://…, user@host:path, file:///… or ./path"
        )
    if "::" in url.partition("/")[0]:
        return AddressProblem("remote helpers such as 'ext::' run commands and aren't taken", "use https or ssh")
    if "://" not in url:
        if _CONFIGURED_SCP.match(url):
            return None
        return AddressProblem(f"'{url}' is no address of a repository", "a path begins with ./, ../ or /")
    try:
        parts = urlsplit(url)
        host, password = parts.hostname, parts.password
    except ValueError as error:
        return AddressProblem(f"this is no address: {error}", "")
    if parts.scheme not in CONFIGURED_SCHEMES:
        return AddressProblem(f"the scheme '{parts.scheme}' isn't taken", f"one of {', '.join(CONFIGURED_SCHEMES)}")
    if parts.scheme == "file" and (host or not parts.path.startswith("/")):
        return AddressProblem("a file address has three slashes, then the absolute path", "file:///srv/git/widget.git")
    if password is not None or (parts.username and parts.scheme in ("http", "https")):
        return AddressProblem(
            "credentials don't belong into an address: it is shown on pages and in logs", "take them out"
        )
    if parts.scheme != "file" and (not host or host.startswith("-") or (parts.username or "").startswith("-")):
        return AddressProblem("this address has no host", "")
    return None
