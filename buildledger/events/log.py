"""Facts about step output; the bytes themselves are in the log store."""

from __future__ import annotations

from typing import ClassVar

from buildledger.events.fact import Fact
from buildledger.events.ids import BuildId, OperationId


class LogOpened(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """The first bytes of an operation's channel are durable."""

    NAME: ClassVar[str] = "log.opened.v1"

    build_id: BuildId
    step: int
    """Index of the operation's step."""
    operation_id: OperationId
    channel: str
    """`stdio`, `stdout`, `stderr`, or a watched file's name."""
    label: str
    """That of the operation."""


class LogFinished(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """A log is complete; its bytes can be checked against this for ever."""

    NAME: ClassVar[str] = "log.finished.v1"

    size_bytes: int
    """Before compression."""
    line_count: int
    sha256: str
    """Of the bytes as the process wrote them, in hex."""
    truncated: bool = False
    """A limit cut it, as the operation's end says."""
