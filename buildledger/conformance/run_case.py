"""Runs one case with one worker and says how it went."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from buildledger.conformance.case_context import CaseContext, CaseFailedError, NotOfferedError
from buildledger.conformance.casefile import Case, NamedCase
from buildledger.conformance.environment import movable_clock, small_disk
from buildledger.conformance.message_builder import build
from buildledger.conformance.steps.step import Step
from buildledger.conformance.worker import WorkerCommand
from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb

Outcome = Literal["passed", "failed", "not offered", "kit failed"]
"""`kit failed` says nothing about the worker: the kit, or the machine that it runs on, couldn't play the case."""
LONGEST_CASE_SECONDS = {"fast": 120.0, "full": 1200.0}


@dataclass(frozen=True, kw_only=True)
class Result:
    """How one case went."""

    case: NamedCase
    outcome: Outcome
    seconds: float = 0.0
    reason: str = ""
    """Why it failed or wasn't offered."""
    transcript: list[str] = field(default_factory=list)
    worker_log: list[str] = field(default_factory=list)
    """The end of what the worker wrote for people."""


async def run_case(named: NamedCase, command: WorkerCommand, directory: Path, patience: float) -> Result:
    """Play a case on a context of its own. Whatever goes wrong becomes part of the result."""
    context = CaseContext(named.name, command, directory, patience)
    outcome: Outcome = "passed"
    reason = ""
    worker_log: list[str] = []
    async with context.built():
        try:
            async with asyncio.timeout(LONGEST_CASE_SECONDS[named.case.profile] * patience):
                await _run_steps(named.case, context)
        except CaseFailedError as error:
            outcome, reason = "failed", str(error)
        except NotOfferedError as error:
            outcome, reason = "not offered", str(error)
        except TimeoutError:
            outcome, reason = "failed", "the case took too long as a whole"
        if outcome == "failed":
            context.transcript.add("kit", f"FAILED: {reason}")
            worker_log = context.worker.stderr_tail()
    return Result(
        case=named,
        outcome=outcome,
        seconds=context.transcript.seconds,
        reason=reason,
        transcript=context.transcript.lines() if outcome == "failed" else [],
        worker_log=worker_log,
    )


async def _run_steps(case: Case, context: CaseContext) -> None:
    await _arrange(case, context)
    if case.worker.starts:
        await context.worker.start()
    for number, step in enumerate(case.steps, start=1):
        context.transcript.add("kit", f"step {number}: {_shown(step)}")
        try:
            await step.execute(context)
        except CaseFailedError as error:
            raise CaseFailedError(f"step {number} ({_name(step)}): {error}") from error
    context.check_violations()


async def _arrange(case: Case, context: CaseContext) -> None:
    """Set the context as the case wants it."""
    context.server.welcome = build(pb.Welcome, {"proto": 1, "features": ["blobs", "rotate"], **case.server.welcome})
    context.server.behaviour.introduces = case.server.introduces
    context.server.behaviour.from_the_future = case.server.from_the_future
    context.server.behaviour.releases = case.server.releases
    context.specs = {name: run.plain(name) for name, run in case.runs.items()}
    context.contents = {name: blob.content() for name, blob in case.blobs.items()}
    context.blobs.contents = {
        content.sha256: content for name, content in context.contents.items() if case.blobs[name].held
    }
    if case.worker.spool is not None:
        context.spool_bytes = case.worker.spool
        context.worker.values["spool"] = str(case.worker.spool)
    context.worker.environment.update(case.worker.environment)
    if case.worker.movable_clock:
        await movable_clock(context)
    if case.worker.small_disk is not None:
        small_disk(context, case.worker.small_disk)


def _name(step: Step) -> str:
    return next(name for name, kind in Step.known.items() if type(step) is kind)


def _shown(step: Step) -> str:
    fields = step.model_dump(exclude_defaults=True, by_alias=True)
    return f"{_name(step)} {fields}" if fields else _name(step)
