"""Facts about those who follow the ledger: projections, reactors, the gateway."""

from __future__ import annotations

from typing import ClassVar

from buildledger.events.fact import Fact


class ProjectionSkipped(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """A reader met a fact that it can't hold, set it aside, and goes on without it; on the reader's own stream."""

    NAME: ClassVar[str] = "projection.skipped.v1"

    reader: str
    """Who: a projection by its name, `reactors`, `gateway.open_work`, `operations`."""
    reader_version: int
    """Of the projection or of the fold; a later version reads the fact again."""
    position: int
    """Where the fact stands that was set aside."""
    fact: str
    """The name it is stored under."""
    reason: str
    """What was wrong, for people."""
