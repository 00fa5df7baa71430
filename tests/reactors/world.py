"""A server core without its edges: a real ledger, all reactors, a time moved by hand, workers played by the test."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from buildledger.config.configurations import Configurations
from buildledger.config.resolved import Configuration
from buildledger.domain.build import FinishOperation, ReportOperationStarted
from buildledger.domain.change import RecordChange
from buildledger.domain.command import Command
from buildledger.domain.config import ApplyConfig
from buildledger.domain.machine import ReportMachineStarted
from buildledger.domain.request import SubmitRequest
from buildledger.domain.schedule import collapse_key
from buildledger.domain.source import MoveBranch
from buildledger.domain.worker import ConnectWorker, DisconnectWorker, EnrollWorker
from buildledger.events.build import BuildAssigned, BuildFinished, OperationFinished, OperationRequested, StepFinished
from buildledger.events.change import BranchMoved, FileChange
from buildledger.events.fact import Fact, Recorded
from buildledger.events.ids import RequestId, ServerId, change_id, request_id
from buildledger.events.operation import Ended
from buildledger.events.projection import ProjectionSkipped
from buildledger.events.request import RequestFinished, RequestSubmitted, SourceStamp
from buildledger.events.results import Result
from buildledger.events.worker import WorkerConnected
from buildledger.ledger.ledger import Ledger
from buildledger.ledger.pipeline_texts import pipeline_texts
from buildledger.ledger.submission import Origin, Receipt
from buildledger.reactors.assembly import join
from buildledger.reactors.runner import Runner
from buildledger.testing.clock import VirtualClock
from buildledger.testing.configuration import load_text
from tests.domain.samples import change
from tests.fakes.worker_features import EVERYTHING

SERVER = ServerId(request_id("server"))
PASSED = Ended(reason="exited", exit_code=0)
FAILED = Ended(reason="exited", exit_code=1)
REPOSITORY = "https://git.example/widget.git"

F = TypeVar("F", bound=Fact)

SIMPLE = """
version: 1
server: {title: Test}
sources:
  widget: {git: "https://git.example/widget.git"}
workers:
  w1: {labels: {os: linux}}
  w2: {labels: {os: linux}}
builders:
  tests:
    worker: worker.labels.os == 'linux'
    steps:
      - run: ["true"]
triggers:
  - {on: change, source: widget, build: [tests]}
"""


def with_config(text: str) -> Configuration:
    """A configuration from its text."""
    return load_text(text, secrets_required=False)


class World:
    """What a test can do to the server core, and see of it."""

    def __init__(self, path: Path, text: str, kind: type[Ledger] = Ledger) -> None:
        path.mkdir(exist_ok=True)
        self.clock = VirtualClock()
        self.configuration = with_config(text)
        self.ledger = kind.open(f"sqlite:///{path / 'ledger.db'}", clock=self.clock)
        self.runner = self._join()
        self._forced = 0
        self.follows = False
        """The reactors run by themselves; else they do all there is to do after each command."""

    def _join(self) -> Runner:
        return join(
            self.ledger,
            self.clock,
            configurations=Configurations(self.ledger.at, pipeline_text=pipeline_texts(self.ledger)),
            serves=lambda server: server == SERVER,
        )

    async def begin(self) -> None:
        """Apply the configuration and start the reactors."""
        await self.apply(self.configuration)
        await self.runner.prepare()

    async def restart(self) -> None:
        """Let the reactors forget everything but what is in the ledger, and start them again."""
        self.runner = self._join()
        await self.runner.prepare()
        await self.runner.settle()

    def close(self) -> None:
        """Let go of the ledger."""
        self.ledger.close()

    async def apply(self, configuration: Configuration) -> None:
        """Put a configuration in force."""
        self.configuration = configuration
        text = configuration.to_json()
        await self.command(ApplyConfig(digest=configuration.digest, text=text, origin="ci.yaml"))

    async def command(self, *commands: Command) -> Receipt:
        """Have something done, and let the reactors follow."""
        return await self.ledger.execute(*commands, origin=Origin(actor="system"))

    async def do(self, *commands: Command) -> None:
        """The same, and let the reactors do everything that follows from it."""
        await self.command(*commands)
        if not self.follows:
            await self.runner.settle()

    async def pass_time(self, seconds: float) -> None:
        """Let time pass, stopping wherever something is due."""
        end = self.clock.now() + timedelta(seconds=seconds)
        while (now := self.clock.now()) < end:
            due = self.runner.next_at()
            assert due is None or due > now, "what is due has been done"
            self.clock.advance_to(end if due is None else min(end, due))
            await self.runner.settle()

    # what people and the world do

    async def force(self, builder: str = "tests", **others: Any) -> RequestId:
        """Ask for a build of main, as the API does."""
        self._forced += 1
        wanted = request_id("forced", self._forced)
        stamps = (SourceStamp(source="widget", repository=REPOSITORY, branch="main"),)
        fields: dict[str, Any] = {
            "builder": builder,
            "stamps": stamps,
            "reason": "forced",
            "requested_by": "system",
            "config_digest": self.configuration.digest,
            "collapse_key": collapse_key("never", stamps, {}),
        }
        await self.do(SubmitRequest(request_id=wanted, request=RequestSubmitted(**fields | others)))
        return wanted

    async def push(
        self, revision: str, *paths: str, branch: str = "main", file_count: int | None = None, **others: Any
    ) -> None:
        """A commit comes to a branch; it may have touched more files than are stored."""
        files = tuple(FileChange(path) for path in paths)
        recorded = change(branch=branch, revision=revision, files=files)
        recorded = msgspec.structs.replace(recorded, file_count=len(files) if file_count is None else file_count)
        fields: dict[str, Any] = {
            "source": "widget",
            "branch": branch,
            "previous": "0",
            "revision": revision,
            "changes": (change_id("widget", revision),),
            "change_count": 1,
        }
        move = BranchMoved(**fields | others)
        await self.do(RecordChange(change=recorded), MoveBranch(source="widget", move=move))

    async def connect(self, name: str = "w1", **others: Any) -> None:
        """A worker connects."""
        fields: dict[str, Any] = {
            "worker": name,
            "credential_digest": "secret",
            "server_id": SERVER,
            "boot_id": "boot",
            "instance_id": "one",
            "version": "test/1",
            "os": "linux",
            "arch": "x86_64",
            "labels": {},
            "capacity": 8,
            "features": EVERYTHING,
            "address": "",
        }
        await self.do(EnrollWorker(worker=name, credential_digest="secret"), ConnectWorker(**fields | others))

    async def machine_connects(self, name: str, start: int = 1, capacity: int = 2) -> None:
        """The machine of an elastic worker has been started, and its worker connects."""
        await self.do(ReportMachineStarted(worker=name, start=start, place="process 7"))
        await self.connect(name, capacity=capacity)

    async def disconnect(self, name: str = "w1") -> None:
        """A worker's session ends."""
        epoch = [fact.epoch for fact in self.facts(WorkerConnected) if fact.worker == name][-1]
        await self.do(DisconnectWorker(worker=name, epoch=epoch, reason="silent"))

    def open_operations(self) -> list[Recorded]:
        """What workers are asked to do at the moment."""
        ended = {fact.operation_id for fact in self.facts(OperationFinished)}
        return [r for r in self.recorded(OperationRequested) if r.fact.operation_id not in ended]  # type: ignore[attr-defined]

    async def finish(self, ended: Ended = PASSED, *, only: str | None = None) -> None:
        """The workers (or only one) end what they are asked to do at the moment, all in the same way."""
        for recorded in self.open_operations():
            fact = recorded.fact
            assert isinstance(fact, OperationRequested)
            if only in (None, fact.worker):
                await self.report(recorded, ended)
        await self.runner.settle()

    async def report(self, recorded: Recorded, ended: Ended) -> None:
        """A worker's reports of one operation, from its start to its end."""
        fact = recorded.fact
        assert isinstance(fact, OperationRequested)
        build, operation, fence = recorded.stream_id, fact.operation_id, fact.fence
        await self.command(
            ReportOperationStarted(build_id=build, operation_id=operation, fence=fence),  # type: ignore[arg-type]
            FinishOperation(build_id=build, operation_id=operation, fence=fence, ended=ended),  # type: ignore[arg-type]
        )

    async def finish_all(self, ended: Ended = PASSED) -> None:
        """Go on until nothing is asked of any worker."""
        while self.open_operations():
            await self.finish(ended)

    # what can be seen

    def recorded(self, *kinds: type[Fact]) -> list[Recorded]:
        """The facts of these kinds, with their places."""
        return [r for r in self.ledger.read(0, 1_000_000) if not kinds or isinstance(r.fact, kinds)]

    def facts(self, kind: type[F]) -> list[F]:
        """The facts of one kind."""
        return [r.fact for r in self.recorded(kind) if isinstance(r.fact, kind)]

    def builders(self) -> list[str]:
        """Whose builds were assigned, in order."""
        return [fact.builder for fact in self.facts(BuildAssigned)]

    def results(self) -> list[Result]:
        """How the builds ended, in order."""
        return [fact.result for fact in self.facts(BuildFinished)]

    def step_results(self) -> list[tuple[int, Result]]:
        """How the steps ended, in order."""
        return [(fact.step, fact.result) for fact in self.facts(StepFinished)]

    def answers(self) -> dict[RequestId, Result]:
        """The requests that were answered."""
        return {RequestId(r.stream_id): r.fact.result for r in self.recorded(RequestFinished)}  # type: ignore[attr-defined]


@asynccontextmanager
async def world(path: Path, text: str = SIMPLE, workers: Iterable[str] = ("w1",)) -> AsyncIterator[World]:
    """A world that has begun, with workers that are connected."""
    the_world = World(path, text)
    try:
        await the_world.begin()
        for worker in workers:
            await the_world.connect(worker)
        yield the_world
        assert not the_world.facts(ProjectionSkipped), "the reactors could follow every fact"
    finally:
        the_world.close()
