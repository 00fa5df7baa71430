"""Repository addresses: what kind they are, and which are refused."""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit

import msgspec

SCHEMES = frozenset({"https", "http", "ssh", "git", "file"})
ALWAYS_ALLOWED = ("https", "ssh")
"""What a repository may lead git to (a submodule, a redirect) wherever it is itself."""

_HELPER = re.compile(r"[A-Za-z0-9+.-]*::")
"""`ext::…` and the like: git would run a program of that name."""
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_SCP = re.compile(r"(?:(?P<user>[^@/:]*)@)?(?P<host>\[[^\]]*\]|[^/:@]+):(?P<path>.*)", re.DOTALL)
_WINDOWS_DRIVE = re.compile(r"[A-Za-z]:[/\\]")


class RefusedAddressError(ValueError):
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
    def is_local(self) -> bool:
        """It is in the file system of whoever runs git."""
        return self.path is not None

    @property
    def protocols(self) -> str:
        """GIT_ALLOW_PROTOCOL: what is always allowed, and what the configured address itself uses."""
        return ":".join(dict.fromkeys((*ALWAYS_ALLOWED, self.scheme)))


def parse(url: str) -> Address:
    """The address, understood as git would. Raises: RefusedAddressError."""
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
