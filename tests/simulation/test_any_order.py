"""Whatever happens in whatever order, every request is answered and no limit is passed. One seed gives one course."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from random import Random

import pytest

from buildledger.domain.build import StopBuild
from buildledger.domain.refusals import Refusal
from buildledger.domain.request import CancelRequest, PrioritiseRequest, SubmitRequest
from buildledger.domain.worker import PauseWorker, ResumeWorker
from buildledger.events.build import BuildAssigned
from buildledger.events.ids import BuildId, OperationId, RequestId, request_id
from buildledger.events.request import RequestSubmitted, SourceStamp
from buildledger.events.results import Result
from tests.reactors.unreliable import Killed, UnreliableLedger
from tests.reactors.world import REPOSITORY, World
from tests.simulation.invariants import History
from tests.simulation.workers import SimulatedWorker

SEEDS = int(os.environ.get("BUILDLEDGER_SIMULATIONS", "12"))
"""More of them: BUILDLEDGER_SIMULATIONS=1000."""
HAPPENINGS = 150
ROUNDS_TO_THE_END = 400
BRANCHES = ("main", "release/1", "topic")
TEXT = """
version: 1
server: {title: Simulation}
sources:
  widget: {git: "https://git.example/widget.git", default_branch: main}
workers:
  w1: {labels: {os: linux}, capacity: 2}
  w2: {labels: {os: linux}, capacity: 1}
  w3: {labels: {os: windows}, capacity: 3}
locks:
  database: {count: 2}
  board: {count: 1}
builders:
  tests:
    matrix: {axes: {os: [linux, windows]}}
    worker: worker.labels.os == matrix.os
    collapse: same-branch
    steps:
      - run: [make]
      - {run: [check], on_failure: warn, locks: [board, {lock: database, take: 1}]}
      - {run: [clean], always_run: true, locks: board}
  integration:
    locks: [database]
    collapse: same-revision
    steps: [{run: [integrate], locks: [board]}, {set_property: version, value: "1"}, {run: [echo, {property: version}]}]
  migration:
    locks: [{lock: database, take: 2}]
    retry: {max: 1}
    steps: [{run: [migrate]}]
  package:
    worker: worker.labels.os == 'linux'
    steps: [{run: [pack]}]
triggers:
  - {on: change, source: widget, branches: [main, release/*], settle: 20s, build: [tests, integration]}
  - {on: success, of: tests, build: [package]}
  - {on: cron, at: "*/10 * * * *", build: [migration]}
"""


class Course:
    """One course of events."""

    def __init__(self, w: World, seed: int) -> None:
        assert isinstance(w.ledger, UnreliableLedger)
        self.w = w
        self.ledger = w.ledger
        self.random = Random(seed)
        self.executed: Counter[OperationId] = Counter()
        self.workers = [SimulatedWorker(w, self.random, name, self.executed) for name in ("w1", "w2", "w3")]
        self._asked: list[RequestId] = []
        self._revisions = 0
        self.kills = 0
        self.ledger.meanwhile = self._meanwhile

    async def run(self) -> None:
        """Let anything happen for a while, then let all be well until there is nothing left to do."""
        happenings: list[tuple[Callable[[], Awaitable[None]], float]] = [
            (self._ask, 6),
            (self._push, 3),
            (self._tell_workers, 10),
            (self._let_workers_report, 10),
            (self._pass_time, 4),
            (self._connect, 4),
            (self._drop, 1),
            (self._crash, 1),
            (self._pause, 1),
            (self._resume, 2),
            (self._meddle, 2),
            (self._kill_server, 1.5),
            (self._save, 1),
        ]
        kinds, weights = zip(*happenings, strict=True)
        for happening in self.random.choices(kinds, weights, k=HAPPENINGS):
            await self._survive(happening)
            if self.random.random() < 0.7:
                await self._survive(self.w.runner.settle)
        await self._end_well()

    async def _survive(self, happening: Callable[[], Awaitable[None]]) -> None:
        try:
            await happening()
        except Killed:
            self.kills += 1
            self.ledger.kill_at = None
            await self._survive(self.w.restart)

    async def _end_well(self) -> None:
        self.ledger.meanwhile, self.ledger.kill_at = None, None
        for worker in self.workers:
            await worker.drop()
            await worker.connect()
            await self.w.command(ResumeWorker(worker=worker.name))
        for _ in range(ROUNDS_TO_THE_END):
            await self.w.runner.settle()
            if not self.w.open_operations() and not self._unanswered():
                return
            await self._tell_workers(loses=0.0)
            await self._let_workers_report(loses=0.0)
            await self.w.pass_time(1)
        raise AssertionError(f"still waiting for an answer: {self._unanswered()}")

    def _unanswered(self) -> set[RequestId]:
        submitted = {RequestId(recorded.stream_id) for recorded in self.w.recorded(RequestSubmitted)}
        return submitted - self.w.answers().keys()

    # what can happen

    async def _ask(self) -> None:
        wanted = request_id("asked", len(self._asked))
        self._asked.append(wanted)
        builder = self.random.choice(sorted(self.w.configuration.builders))
        branch = self.random.choice(BRANCHES)
        request = RequestSubmitted(
            builder=builder,
            stamps=(SourceStamp(source="widget", repository=REPOSITORY, branch=branch),),
            reason="forced",
            requested_by="system",
            priority=self.random.randint(-1, 2),
            config_digest=self.w.configuration.digest,
            collapse_key=self.random.choice([None, branch, branch]),
        )
        await self.w.command(SubmitRequest(request_id=wanted, request=request))

    async def _push(self) -> None:
        self._revisions += 1
        await self.w.push(f"{self._revisions:040x}", branch=self.random.choice(BRANCHES))

    async def _tell_workers(self, loses: float = 0.3) -> None:
        wanted = self.w.open_operations()
        for worker in self.workers:
            if worker.connected:
                worker.hear(wanted, loses=loses)
            worker.work()

    async def _let_workers_report(self, loses: float = 0.3) -> None:
        for worker in self.workers:
            await worker.report(loses=loses)

    async def _pass_time(self) -> None:
        await self.w.pass_time(self.random.uniform(0, 60))

    async def _connect(self) -> None:
        worker = self.random.choice(self.workers)
        if not worker.connected:
            await worker.connect()

    async def _drop(self) -> None:
        await self.random.choice(self.workers).drop()

    async def _crash(self) -> None:
        await self.random.choice(self.workers).crash()

    async def _pause(self) -> None:
        await self.w.command(PauseWorker(worker=self.random.choice(self.workers).name))

    async def _resume(self) -> None:
        await self.w.command(ResumeWorker(worker=self.random.choice(self.workers).name))

    async def _meddle(self) -> None:
        """Somebody cancels, hurries or stops something, whether that is still possible or not."""
        builds = [BuildId(recorded.stream_id) for recorded in self.w.recorded(BuildAssigned)]
        try:
            match self.random.randrange(3):
                case 0 if self._asked:
                    await self.w.command(CancelRequest(request_id=self.random.choice(self._asked), reason="no"))
                case 1 if self._asked:
                    await self.w.command(PrioritiseRequest(request_id=self.random.choice(self._asked), priority=7))
                case 2 if builds:
                    await self.w.command(StopBuild(build_id=self.random.choice(builds[-5:]), reason="enough"))
        except Refusal:
            return

    async def _meanwhile(self) -> None:
        """Between a decision of the reactors and its commit."""
        if self.random.random() < 0.1:
            others = (self._meddle, self._meddle, self._pause, self._resume, self._drop, self._connect)
            await self.random.choice(others)()

    async def _kill_server(self) -> None:
        """At once, or at one of the next commits."""
        self.ledger.after_commit = self.random.random() < 0.5
        self.ledger.kill_at = self.ledger.commits + self.random.randint(1, 5)
        if self.random.random() < 0.3:
            raise Killed

    async def _save(self) -> None:
        await self.w.runner.save()


@pytest.mark.parametrize("seed", range(SEEDS))
async def test_any_order(tmp_path: Path, seed: int) -> None:
    """Every request is answered, nothing is run twice, nothing follows a build's end, no capacity or lock is exceeded.

    And whoever folds the whole history anew remembers the same as the reactors that lived through it.
    """
    w = World(tmp_path, TEXT, UnreliableLedger)
    try:
        await w.begin()
        course = Course(w, seed)
        await course.run()
        history = History(w.configuration)
        history.check(w.recorded())
        assert history.unanswered() == set(), f"seed {seed}"
        assert set(course.executed.values()) <= {1}, f"seed {seed}: an operation was run twice"
        remembered = w.runner.checkpoint_state()
        await w.restart()
        assert w.runner.checkpoint_state() == remembered, f"seed {seed}"
        print(f"seed {seed}: {len(w.recorded())} facts, {course.kills} kills, {dict(history.results)}")  # noqa: T201 - shown when the test fails
        assert history.results[Result.SUCCESS] > 0
    finally:
        w.close()
