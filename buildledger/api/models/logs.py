"""Step output: what is known of it, its lines, and what a search found."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from buildledger.api.models.builds import Log
from buildledger.api.models.scalars import Cursor, Id, Position


class LogExtent(msgspec.Struct, frozen=True, kw_only=True):
    """How far a log has grown."""

    size_bytes: int
    line_count: int
    finished: Annotated[bool, Meta(description="It never grows again.")]


class LogDetail(msgspec.Struct, frozen=True, kw_only=True):
    """A log, and how much of it can be read at this moment."""

    log: Log
    extent: LogExtent
    position: Position


class LogLines(msgspec.Struct, frozen=True, kw_only=True):
    """Lines in a row. Bytes that aren't UTF-8 are replaced; escape sequences are kept."""

    log_id: Id
    first: Annotated[int, Meta(ge=0, description="Number of the first of them; lines count from 0.")]
    items: Annotated[list[str], Meta(description="The lines, without their newlines.")]
    cut: Annotated[bool, Meta(description="The limit of bytes ended the answer; the last line may be incomplete.")]
    extent: LogExtent
    next: Cursor
    position: Position


class LogHit(msgspec.Struct, frozen=True, kw_only=True):
    """The first match in a line. `start` and `end` count characters of `text`."""

    line: int
    text: Annotated[str, Meta(description="The line, or the part around the match when the line is long.")]
    start: int
    end: int


class LogSearch(msgspec.Struct, frozen=True, kw_only=True):
    """Matches in the order of lines."""

    log_id: Id
    items: list[LogHit]
    next: Cursor
    position: Position
