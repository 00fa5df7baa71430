"""Plays one case with one worker and says how it went."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from buildledger.conformance.casefile import Case, NamedCase
from buildledger.conformance.plain import build
from buildledger.conformance.stage import CaseFailedError, NotOfferedError, Stage
from buildledger.conformance.steps.step import Step
from buildledger.conformance.surroundings import movable_clock, small_disk
from buildledger.conformance.worker import WorkerCommand
from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb

Outcome = Literal["passed", "failed", "not offered"]
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


async def play(named: NamedCase, command: WorkerCommand, directory: Path, patience: float) -> Result:
    """Play a case on a stage of its own. Whatever goes wrong becomes part of the result."""
    stage = Stage(named.name, command, directory, patience)
    outcome: Outcome = "passed"
    reason = ""
    words: list[str] = []
    async with stage.built():
        try:
            async with asyncio.timeout(LONGEST_CASE_SECONDS[named.case.profile] * patience):
                await _play(named.case, stage)
        except CaseFailedError as error:
            outcome, reason = "failed", str(error)
        except NotOfferedError as error:
            outcome, reason = "not offered", str(error)
        except TimeoutError:
            outcome, reason = "failed", "the case took too long as a whole"
        if outcome == "failed":
            stage.transcript.add("kit", f"FAILED: {reason}")
            words = stage.worker.last_words()
    return Result(
        case=named,
        outcome=outcome,
        seconds=stage.transcript.seconds,
        reason=reason,
        transcript=stage.transcript.lines() if outcome == "failed" else [],
        worker_log=words,
    )


async def _play(case: Case, stage: Stage) -> None:
    await _arrange(case, stage)
    if case.worker.starts:
        await stage.worker.start()
    for number, step in enumerate(case.steps, start=1):
        stage.transcript.add("kit", f"step {number}: {_shown(step)}")
        try:
            await step.play(stage)
        except CaseFailedError as error:
            raise CaseFailedError(f"step {number} ({_name(step)}): {error}") from error
    stage.check_violations()


async def _arrange(case: Case, stage: Stage) -> None:
    """Set the stage as the case wants it."""
    stage.server.welcome = build(pb.Welcome, {"proto": 1, "features": ["blobs", "rotate"], **case.server.welcome})
    stage.server.manners.introduces = case.server.introduces
    stage.server.manners.from_the_future = case.server.from_the_future
    stage.server.manners.releases = case.server.releases
    stage.specs = {name: run.plain(name) for name, run in case.runs.items()}
    stage.contents = {name: blob.content() for name, blob in case.blobs.items()}
    stage.blobs.contents = {
        content.sha256: content for name, content in stage.contents.items() if case.blobs[name].held
    }
    if case.worker.spool is not None:
        stage.spool_bytes = case.worker.spool
        stage.worker.values["spool"] = str(case.worker.spool)
    stage.worker.environment.update(case.worker.environment)
    if case.worker.movable_clock:
        await movable_clock(stage)
    if case.worker.small_disk is not None:
        small_disk(stage, case.worker.small_disk)


def _name(step: Step) -> str:
    return next(name for name, kind in Step.known.items() if type(step) is kind)


def _shown(step: Step) -> str:
    fields = step.model_dump(exclude_defaults=True, by_alias=True)
    return f"{_name(step)} {fields}" if fields else _name(step)
