"""The state of a running build."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from buildledger.domain import build_rules
from buildledger.domain.build import BuildState
from buildledger.events.build import BuildAssigned, OperationFinished, OperationRequested, StepFinished, StepStarted
from buildledger.events.fact import Fact
from buildledger.events.ids import BuildId, OperationId
from buildledger.events.operation import SERVER_SIDE, Ended
from buildledger.events.results import Result


class BuildRun(msgspec.Struct, frozen=True, kw_only=True):
    """A running build, folded from its facts since the assignment."""

    build_id: BuildId
    number: int
    """Counts the builds of its builder, from 1."""
    correlation_id: UUID
    causation_id: UUID | None = None
    """The command behind the build's newest fact."""
    assigned_at: datetime | None = None
    """When it began; None as long as its assignment is no fact."""
    stop_requested_at: datetime | None = None
    """When its end was first asked for; None: it wasn't."""
    state: BuildState
    results: tuple[Result, ...] = ()
    """The results of the steps that have ended, in their order."""
    summaries: tuple[str, ...] = ()
    program: str = ""
    """The name of the running step's program; empty before the first step."""
    program_version: int = 0
    properties_before: dict[str, Any] = msgspec.field(default_factory=dict)
    """The properties when the running step started; its program sees no later ones, so that a replay sees the same."""
    revisions_before: dict[str, str] = msgspec.field(default_factory=dict)
    locks_requested_at: int = 0
    """The ledger position at which a step began to wait for its locks, the last one that did."""
    outcomes: dict[OperationId, Ended] = msgspec.field(default_factory=dict)
    """How the running step's operations have ended, those that have."""
    open_operation: OperationId | None = None
    open_operation_on_server: bool = False
    """The open operation is done by the server itself, whatever becomes of the worker."""

    @property
    def assigned(self) -> BuildAssigned:
        """The build's assignment."""
        assert self.state.assigned is not None
        return self.state.assigned


def evolve(run: BuildRun, fact: Fact) -> BuildRun:
    """The build after one more of its facts."""
    state = build_rules.evolve(run.state, fact)
    replace = msgspec.structs.replace
    match fact:
        case StepStarted(program=program, program_version=version):
            return replace(
                run,
                state=state,
                program=program,
                program_version=version,
                properties_before=state.properties,
                revisions_before=state.revisions,
                outcomes={},
            )
        case OperationRequested(operation_id=operation_id, spec=spec):
            on_server = isinstance(spec, SERVER_SIDE)
            return replace(run, state=state, open_operation=operation_id, open_operation_on_server=on_server)
        case OperationFinished(operation_id=operation_id, ended=ended):
            return replace(run, state=state, outcomes=run.outcomes | {operation_id: ended}, open_operation=None)
        case StepFinished(result=result, summary=summary):
            return replace(
                run, state=state, results=(*run.results, result), summaries=(*run.summaries, summary), outcomes={}
            )
        case _:
            return replace(run, state=state)


def clock_set(run: BuildRun, now: datetime) -> BuildRun:
    """The build with what was recorded by a clock ahead of the present time taken as recorded at present."""

    def at_most_now(at: datetime | None) -> datetime | None:
        return None if at is None else min(at, now)

    return msgspec.structs.replace(
        run, assigned_at=at_most_now(run.assigned_at), stop_requested_at=at_most_now(run.stop_requested_at)
    )
