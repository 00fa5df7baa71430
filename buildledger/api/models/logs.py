"""Step output: what is known of it, its lines, and what a search found."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from buildledger.api.models.builds import Log
from buildledger.api.models.scalars import Cursor, Id, Position


class LogExtent(msgspec.Struct, frozen=True, kw_only=True):
    """How far a log has grown."""

    size_bytes: Annotated[int, Meta(description="Bytes there are.")]
    line_count: Annotated[int, Meta(description="Lines there are.")]
    finished: Annotated[bool, Meta(description="It never grows again.")]


class LogDetail(msgspec.Struct, frozen=True, kw_only=True):
    """A log, and how much of it can be read at this moment."""

    log: Annotated[Log, Meta(description="What the ledger knows of it.")]
    extent: Annotated[LogExtent, Meta(description="How far it has grown by now.")]
    position: Position


class LogLines(msgspec.Struct, frozen=True, kw_only=True):
    """Lines in a row. Bytes that aren't UTF-8 are replaced; escape sequences are kept."""

    log_id: Annotated[Id, Meta(description="The log that the lines are of.")]
    first: Annotated[int, Meta(ge=0, description="Number of the first of them; lines count from 0.")]
    items: Annotated[list[str], Meta(description="The lines, without their newlines.")]
    cut: Annotated[bool, Meta(description="The limit of bytes ended the answer; the last line may be incomplete.")]
    extent: Annotated[LogExtent, Meta(description="How far the log has grown by now.")]
    next: Cursor
    position: Position


class LogHit(msgspec.Struct, frozen=True, kw_only=True):
    """The first match in a line. `start` and `end` count characters of `text`."""

    line: Annotated[int, Meta(description="Number of the line, from 0.")]
    text: Annotated[str, Meta(description="The line, or the part around the match when the line is long.")]
    start: Annotated[int, Meta(description="Where the match begins, in characters of `text`.")]
    end: Annotated[int, Meta(description="Where the match ends, in characters of `text`.")]


class LogSearch(msgspec.Struct, frozen=True, kw_only=True):
    """Matches in the order of lines."""

    log_id: Annotated[Id, Meta(description="The log that was searched.")]
    items: Annotated[
        list[LogHit], Meta(description="The hits of this page; there may be none though there is a next page.")
    ]
    next: Cursor
    position: Position
