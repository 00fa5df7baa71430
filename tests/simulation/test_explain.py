"""Whatever is left waiting, the reason that is given for it is the one that the scheduler had."""

from __future__ import annotations

import asyncio
import os
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import event, given, settings
from hypothesis import strategies as st

from buildledger.config.evaluation.wait_reason import WaitReason
from buildledger.domain.refusals import Refusal
from buildledger.domain.request import CancelRequest, PrioritiseRequest
from buildledger.domain.worker import PauseWorker, ResumeWorker, RevokeWorker
from buildledger.events.ids import RequestId
from buildledger.events.request import SourceStamp
from buildledger.reactors.scheduling.scheduler import Scheduler
from tests.reactors.world import PASSED, REPOSITORY, World, with_config
from tests.simulation.site import Site, site_of
from tests.simulation.standing import Conditions, Standing

EXAMPLES = int(os.environ.get("BUILDLEDGER_EXPLANATIONS", "25"))
"""More of them: BUILDLEDGER_EXPLANATIONS=1000."""
TEXT = """
version: 1
server: {title: Simulation}
sources:
  widget: {git: "https://git.example/widget.git", default_branch: main}
workers:
  w1: {labels: {os: linux}, capacity: 2}
  w2: {labels: {os: linux, gpu: large}, capacity: 1}
  w3: {labels: {os: windows}, capacity: 2}
locks:
  database: {count: 2}
  board: {count: 1}
builders:
  any: {collapse: never, steps: [{run: [make]}]}
  tests:
    matrix: {axes: {os: [linux, windows, arm]}}
    worker: worker.labels.os == matrix.os
    steps: [{run: [make]}]
  release:
    worker: "worker.labels.os == 'linux' && change.branch == 'main'"
    steps: [{run: [make]}]
  render:
    inputs: {gpu: {type: string, default: large}}
    worker: "'gpu' in worker.labels && worker.labels.gpu == inputs.gpu"
    steps: [{run: [make]}]
  odd:
    worker: "worker.labels.os == 'windows' && worker.labels.gpu == 'large'"
    steps: [{run: [make]}]
  integration: {collapse: never, locks: [database], steps: [{run: [make]}]}
  migration:
    worker: worker.labels.os == 'linux'
    locks: [{lock: database, take: 2}, board]
    steps: [{run: [make]}]
  flash: {locks: [board], steps: [{run: [make]}]}
  audit: {collapse: never, steps: [{run: [make], locks: [board, database]}]}
"""
VARIANTS = [
    TEXT,
    TEXT.replace("database: {count: 2}", "database: {count: 3}"),
    TEXT.replace("locks: [database], ", ""),
    TEXT.replace("  w2: {labels: {os: linux, gpu: large}, capacity: 1}\n", ""),
    TEXT.replace("w1: {labels: {os: linux}, capacity: 2}", "w1: {labels: {os: windows}, capacity: 1}"),
]
CONDITIONS: Conditions = {
    "any": {},
    "integration": {},
    "flash": {},
    "audit": {},
    "migration": {"worker.labels.os == 'linux'": lambda w, _: w.labels.get("os") == "linux"},
    **{
        f"tests[{name}]": {"worker.labels.os == matrix.os": lambda w, _, name=name: w.labels.get("os") == name}  # type: ignore[misc]
        for name in ("linux", "windows", "arm")
    },
    "release": {
        "worker.labels.os == 'linux'": lambda w, _: w.labels.get("os") == "linux",
        "change.branch == 'main'": lambda _, submitted: submitted.stamps[0].branch == "main",
    },
    "render": {
        "'gpu' in worker.labels": lambda w, _: "gpu" in w.labels,
        "worker.labels.gpu == inputs.gpu": lambda w, submitted: (
            w.labels.get("gpu") == submitted.inputs.get("gpu", "large")
        ),
    },
    "odd": {
        "worker.labels.os == 'windows'": lambda w, _: w.labels.get("os") == "windows",
        "worker.labels.gpu == 'large'": lambda w, _: w.labels.get("gpu") == "large",
    },
}
NAMES = st.sampled_from(["w1", "w2", "w3"])
ASKING = st.tuples(
    st.just("ask"),
    st.sampled_from(sorted(CONDITIONS)),
    st.sampled_from(["main", "topic"]),
    st.sampled_from([None, "large", "small"]),
    st.integers(-1, 1),
    st.booleans(),
)
HAPPENINGS = st.one_of(
    ASKING,
    ASKING,
    ASKING,
    st.tuples(st.just("connect"), NAMES, st.integers(1, 3), st.booleans()),
    st.tuples(st.sampled_from(["disconnect", "pause", "resume", "revoke"]), NAMES),
    st.tuples(st.just("finish"), st.integers(0, 5)),
    st.tuples(st.just("configure"), st.integers(0, len(VARIANTS) - 1)),
    st.tuples(st.sampled_from(["cancel", "hurry"]), st.integers(0, 9)),
    st.tuples(st.just("pass time"), st.just(91)),
    st.tuples(st.just("restart")),
)


class Course:
    """Lets things happen to a world, one after another."""

    def __init__(self, w: World) -> None:
        self.w = w
        self._asked: list[RequestId] = []

    async def happen(self, what: str, *how: Any) -> None:
        """Let one thing happen, and the reactors do all that follows from it."""
        try:
            await self._happen(what, how)
        except Refusal:
            return

    async def _happen(self, what: str, how: tuple[Any, ...]) -> None:
        w = self.w
        match what, how:
            case "ask", (builder, branch, gpu, priority, collapses):
                await self._ask(builder, branch, gpu, priority, collapses=collapses)
            case "connect", (name, capacity, has_gpu):
                await w.connect(name, capacity=capacity, labels={"gpu": "small"} if has_gpu else {})
            case "disconnect", (name,):
                if any(each.name == name and each.connected for each in Standing(w.recorded()).workers.values()):
                    await w.disconnect(name)
            case "finish", (number,):
                if len(operations := w.open_operations()) > number:
                    await w.report(operations[number], PASSED)
                    await w.runner.settle()
            case "configure", (number,):
                await w.apply(with_config(VARIANTS[number]))
                await w.runner.settle()
            case "pass time", (seconds,):
                await w.pass_time(seconds)
            case "restart", ():
                await w.restart()
            case _, (about,):
                await self._command(what, about)

    async def _ask(self, builder: str, branch: str, gpu: str | None, priority: int, *, collapses: bool) -> None:
        stamps = (SourceStamp(source="widget", repository=REPOSITORY, branch=branch),)
        inputs = {} if gpu is None or builder != "render" else {"gpu": gpu}
        key = f"{branch} {gpu}" if collapses else None
        asked = await self.w.force(builder, stamps=stamps, inputs=inputs, priority=priority, collapse_key=key)
        self._asked.append(asked)

    async def _command(self, what: str, about: Any) -> None:
        match what:
            case "pause":
                await self.w.do(PauseWorker(worker=about))
            case "resume":
                await self.w.do(ResumeWorker(worker=about))
            case "revoke":
                await self.w.do(RevokeWorker(worker=about))
            case "cancel" if len(self._asked) > about:
                await self.w.do(CancelRequest(request_id=self._asked[about], reason="no"))
            case "hurry" if len(self._asked) > about:
                await self.w.do(PrioritiseRequest(request_id=self._asked[about], priority=5))

    def reasons(self) -> dict[RequestId, WaitReason]:
        """Why each request waits that does, as the scheduler explains it; each is checked against the facts."""
        (scheduler,) = (each for each in self.w.runner.reactors if isinstance(each, Scheduler))
        standing = Standing(self.w.recorded())
        found: dict[RequestId, WaitReason] = {}
        for waiting, submitted in standing.waiting.items():
            reason = scheduler.explain(RequestId(waiting))
            assert reason is not None
            standing.check(submitted, reason, CONDITIONS)
            found[RequestId(waiting)] = reason
        return found


async def _play(path: Path, connected: list[str], happenings: list[tuple[Any, ...]]) -> None:
    w = World(path, TEXT)
    try:
        await w.begin()
        for name in connected:
            await w.connect(name)
        course = Course(w)
        for happening in happenings:
            await course.happen(*happening)
            reasons = course.reasons()
            for reason in reasons.values():
                event(reason.code)
                event(f"lock named: {bool(reason.lock)}, condition named: {bool(reason.condition)}")
        with site_of(w, path) as site:
            assert await _answers(site) == {str(waiting): _as_answered(reason) for waiting, reason in reasons.items()}
    finally:
        w.close()


async def _answers(site: Site) -> dict[str, Any]:
    return {request["id"]: request["waiting"] for request in await site.waiting()}


def _as_answered(reason: WaitReason) -> dict[str, Any]:
    return {
        "code": reason.code,
        "text": reason.text,
        "workers": list(reason.workers),
        "condition": reason.condition or None,
        "lock": reason.lock or None,
        "held_by": [
            {"build_id": str(held.build_id), "builder": held.builder, "number": held.number} for held in reason.held_by
        ],
    }


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.lists(NAMES, unique=True), st.lists(HAPPENINGS, min_size=20, max_size=40))
def test_the_reason_given_is_the_one_that_the_scheduler_had(
    connected: list[str], happenings: list[tuple[Any, ...]]
) -> None:
    """The part of the condition that fails, the lock and who holds it, the workers that are busy, paused or away.

    What the scheduler explains agrees with the facts after each happening, and what the API answers is the same.
    """
    with tempfile.TemporaryDirectory() as directory:
        asyncio.run(_play(Path(directory), connected, happenings))
