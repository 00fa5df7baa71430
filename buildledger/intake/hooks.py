"""Notes from outside that a repository has changed: which sources they speak of. They carry no facts of their own.

Whoever sends such a note can only make a poll happen sooner: what is new is always read from the repository itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import unquote, urlsplit

from buildledger.config.resolved import Source
from buildledger.sources.git import address


def concerned(sources: Mapping[str, Source], repository: str) -> tuple[str, ...]:
    """The sources that a note about `repository` speaks of: a source's name, or an address in any usual spelling."""
    if repository in sources:
        return (repository,)
    spoken_of = _place(repository)
    if spoken_of is None:
        return ()
    return tuple(name for name, source in sources.items() if _place(source.url) == spoken_of)


def _place(url: str) -> tuple[str, str] | None:
    """Host and path, the same for the https, ssh and scp-like address of one repository; None if it isn't one."""
    try:
        parsed = address.parse(url)
    except address.RefusedAddressError:
        return None
    if parsed.path is not None:
        host, path = "", parsed.path
    elif "://" in url:
        parts = urlsplit(url)
        host, path = parts.hostname or "", unquote(parts.path)
    else:
        host, _, path = url.rpartition("@")[2].partition(":")
    return host.casefold(), path.strip("/").removesuffix("/.git").removesuffix(".git")
