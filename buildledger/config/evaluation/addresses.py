"""The sources of a build: those of its builder and their addresses when it begins, not when it was asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import msgspec

from buildledger.config.resolved import Source
from buildledger.events.request import SourceStamp


def readdressed(stamps: Iterable[SourceStamp], sources: Mapping[str, Source]) -> tuple[SourceStamp, ...]:
    """The stamps with the present addresses of their sources; one that isn't configured any more keeps its own."""
    return tuple(
        msgspec.structs.replace(stamp, repository=sources[stamp.source].url) if stamp.source in sources else stamp
        for stamp in stamps
    )


def completed(
    stamps: Iterable[SourceStamp],
    wanted: Iterable[str],
    sources: Mapping[str, Source],
    default_branch: Callable[[str], str],
) -> tuple[SourceStamp, ...]:
    """The stamps as `readdressed` gives them, then those of the `wanted` sources that came to the builder since.

    Of these nobody has said anything, so it is what their default branches hold.
    """
    known = readdressed(stamps, sources)
    missing = [name for name in wanted if name not in {stamp.source for stamp in known}]
    return (
        *known,
        *(SourceStamp(source=name, repository=sources[name].url, branch=default_branch(name)) for name in missing),
    )
