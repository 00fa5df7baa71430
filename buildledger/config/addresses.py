"""Where the sources of a build are: the addresses in force when it begins, not those of when it was asked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from buildledger.config.resolved import Source
from buildledger.events.request import SourceStamp


def readdressed(stamps: Iterable[SourceStamp], sources: Mapping[str, Source]) -> tuple[SourceStamp, ...]:
    """The stamps with the present addresses of their sources; one that isn't configured any more keeps its own."""
    return tuple(
        msgspec.structs.replace(stamp, repository=sources[stamp.source].url) if stamp.source in sources else stamp
        for stamp in stamps
    )
