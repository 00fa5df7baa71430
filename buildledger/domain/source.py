"""Sources: where their branches stand, and whether they can be read."""

from __future__ import annotations

from typing import assert_never
from uuid import UUID

import msgspec

from buildledger.domain.command import Aggregate, Command
from buildledger.events.change import BranchMoved, SourceFailed, SourceRecovered
from buildledger.events.fact import Fact
from buildledger.events.ids import source_id


class SourceState(msgspec.Struct, frozen=True):
    """Heads by branch, and the cause of an outage that isn't over."""

    heads: dict[str, str] = msgspec.field(default_factory=dict)
    failed: str | None = None


class SourceCommand(Command, frozen=True, kw_only=True):
    """A command about one source."""

    source: str

    @property
    def stream_id(self) -> UUID:
        """The source's stream."""
        return source_id(self.source)


class MoveBranch(SourceCommand, frozen=True, kw_only=True):
    """Say where a branch points; the same place again decides nothing."""

    move: BranchMoved


class ReportSourceFailure(SourceCommand, frozen=True, kw_only=True):
    """Say that the source can't be read; the same cause again decides nothing."""

    cause: str
    detail: str


class ReportSourceRecovery(SourceCommand, frozen=True, kw_only=True):
    """Say that the source was read; decides nothing unless it had failed."""


def decide(state: SourceState, command: MoveBranch | ReportSourceFailure | ReportSourceRecovery) -> tuple[Fact, ...]:
    """Only what differs from the last known state is a fact."""
    match command:
        case MoveBranch(move=move):
            return () if state.heads.get(move.branch) == move.revision else (move,)
        case ReportSourceFailure(source=source, cause=cause, detail=detail):
            return () if state.failed == cause else (SourceFailed(source=source, cause=cause, detail=detail),)
        case ReportSourceRecovery(source=source):
            return (SourceRecovered(source=source),) if state.failed else ()
        case _:
            assert_never(command)


def evolve(state: SourceState, fact: Fact) -> SourceState:
    """Heads follow moves; an outage ends with the recovery."""
    match fact:
        case BranchMoved(branch=branch, revision=None):
            return SourceState({name: at for name, at in state.heads.items() if name != branch}, state.failed)
        case BranchMoved(branch=branch, revision=revision):
            return SourceState(state.heads | {branch: str(revision)}, state.failed)
        case SourceFailed(cause=cause):
            return SourceState(state.heads, cause)
        case SourceRecovered():
            return SourceState(state.heads, None)
        case _:
            return state


AGGREGATE = Aggregate(
    name="source",
    commands=(MoveBranch, ReportSourceFailure, ReportSourceRecovery),
    initial=SourceState(),
    decide=decide,
    evolve=evolve,
)
