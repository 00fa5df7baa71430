"""Sources: where their branches stand, and whether they can be read."""

from __future__ import annotations

from typing import assert_never
from uuid import UUID

import msgspec

from buildledger.domain.command import Aggregate, Command
from buildledger.domain.refusals import BranchMovedRefusal
from buildledger.events.change import BranchMoved, DefaultBranchChanged, SourceFailed, SourceRecovered
from buildledger.events.fact import Fact
from buildledger.events.ids import source_id


class SourceState(msgspec.Struct, frozen=True):
    """Heads by branch, and the cause of an outage that isn't over."""

    heads: dict[str, str] = msgspec.field(default_factory=dict)
    failed: str | None = None
    default_branch: str | None = None
    """What the source itself says."""


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
    compared: bool = False
    """What the move says was worked out by comparing with its `previous`: it is refused if the branch isn't there.

    Otherwise it is only known where the branch is, and `previous` becomes where it was.
    """


class ReportDefaultBranch(SourceCommand, frozen=True, kw_only=True):
    """Say which branch the source means when nobody names one; the same again decides nothing."""

    branch: str | None


class ReportSourceFailure(SourceCommand, frozen=True, kw_only=True):
    """Say that the source can't be read; the same cause again decides nothing."""

    cause: str
    detail: str


class ReportSourceRecovery(SourceCommand, frozen=True, kw_only=True):
    """Say that the source was read; decides nothing unless it had failed."""


SourceCommands = MoveBranch | ReportDefaultBranch | ReportSourceFailure | ReportSourceRecovery


def decide(state: SourceState, command: SourceCommands) -> tuple[Fact, ...]:
    """Only what differs from the last known state is a fact.

    Raises:
        BranchMovedRefusal
    """
    match command:
        case MoveBranch():
            return _move(state, command)
        case ReportDefaultBranch(source=source, branch=branch):
            changed = DefaultBranchChanged(source=source, branch=branch, previous=state.default_branch)
            return () if branch == state.default_branch else (changed,)
        case ReportSourceFailure(source=source, cause=cause, detail=detail):
            return () if state.failed == cause else (SourceFailed(source=source, cause=cause, detail=detail),)
        case ReportSourceRecovery(source=source):
            return (SourceRecovered(source=source),) if state.failed else ()
        case _:
            assert_never(command)


def _move(state: SourceState, command: MoveBranch) -> tuple[Fact, ...]:
    move, previous = command.move, state.heads.get(command.move.branch)
    if previous == move.revision:
        return ()
    if command.compared and previous != move.previous:
        raise BranchMovedRefusal(command.source)
    return (move if previous == move.previous else msgspec.structs.replace(move, previous=previous),)


def evolve(state: SourceState, fact: Fact) -> SourceState:
    """Heads follow moves; an outage ends with the recovery."""
    replace = msgspec.structs.replace
    match fact:
        case BranchMoved(branch=branch, revision=None):
            return replace(state, heads={name: at for name, at in state.heads.items() if name != branch})
        case BranchMoved(branch=branch, revision=revision):
            return replace(state, heads=state.heads | {branch: str(revision)})
        case DefaultBranchChanged(branch=branch):
            return replace(state, default_branch=branch)
        case SourceFailed(cause=cause):
            return replace(state, failed=cause)
        case SourceRecovered():
            return replace(state, failed=None)
        case _:
            return state


AGGREGATE = Aggregate(
    name="source",
    commands=(MoveBranch, ReportDefaultBranch, ReportSourceFailure, ReportSourceRecovery),
    initial=SourceState(),
    decide=decide,
    evolve=evolve,
)
