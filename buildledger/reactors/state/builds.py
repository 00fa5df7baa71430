"""A build under way: what its facts say that the rest of it depends on."""

from __future__ import annotations

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
    """A fold of one build's facts, from its assignment on."""

    build_id: BuildId
    number: int
    """Among the builds of its builder, from 1."""
    correlation_id: UUID
    causation_id: UUID | None = None
    """The command behind the build's newest fact."""
    state: BuildState
    results: tuple[Result, ...] = ()
    """Of the steps that have ended."""
    summaries: tuple[str, ...] = ()
    program: str = ""
    """Of the step that runs."""
    program_version: int = 0
    properties_before: dict[str, Any] = msgspec.field(default_factory=dict)
    """As they were when the running step started: all that its program may know, so that a replay knows the same."""
    revisions_before: dict[str, str] = msgspec.field(default_factory=dict)
    stopped_before: bool = False
    """Somebody had asked for the build's end before the running step started."""
    outcomes: dict[OperationId, Ended] = msgspec.field(default_factory=dict)
    """Of the running step's operations that have ended."""
    open_operation: OperationId | None = None
    open_operation_on_server: bool = False
    """The open operation is done by the server itself, whatever becomes of the worker."""

    @property
    def assigned(self) -> BuildAssigned:
        """How it began; every build here has begun."""
        assert self.state.assigned is not None
        return self.state.assigned


def evolve(run: BuildRun, fact: Fact) -> BuildRun:
    """The build after one more fact."""
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
                stopped_before=state.stop_requested,
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
