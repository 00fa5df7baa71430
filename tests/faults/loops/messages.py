"""Extremes in what a worker says: refused clearly, or an end of its operation that every read model can hold."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from random import Random

from buildledger.domain import build_rules
from buildledger.events.ids import BuildId
from buildledger.events.operation import OperationSpec, Run, Stat, Upload
from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb
from buildledger.projections.projector import Projector
from buildledger.projections.skipped import skipped_facts
from buildledger.projections.storage import SqliteViews
from buildledger.projections.views import Views
from tests.faults.extremes import in_message
from tests.faults.loop import LoopOptions, LoopOutcome
from tests.slave_grpc.raw_worker import RawWorker, Script
from tests.slave_grpc.service import Installation

KINDS = ("stuck", "unseen", "standing still")
SPECS: tuple[OperationSpec, ...] = (
    Run(argv=("x",), capture_bytes=1_000),
    Stat(path="a"),
    Upload(path=".", artifact="a", limit_bytes=1 << 20, files=("*",), optional=True),
)
PATIENCE_SECONDS = 20.0
LOOK_SECONDS = 0.01
AGAIN_LOOKS = 20


def from_workers(options: LoopOptions) -> LoopOutcome:
    """So many messages with one thing in each that nobody expects."""
    outcome = LoopOutcome()
    asyncio.run(run(options.directory, options.count, options.seed, outcome))
    return outcome


async def run(directory: Path, count: int, seed: int, outcome: LoopOutcome) -> None:
    """Let a worker say them, to a server in this process."""
    installation = Installation(directory)
    await installation.start()
    try:
        await installation.enroll("bob")
        await _Talk(installation, Random(seed), outcome).run(count)
        await asyncio.to_thread(_look, installation, directory, outcome)
    finally:
        await installation.stop()


class _Talk:
    """A worker that says one wrong thing after another, and comes back whenever it is thrown out."""

    def __init__(self, installation: Installation, random: Random, outcome: LoopOutcome) -> None:
        self._installation = installation
        self._random = random
        self._outcome = outcome
        self._worker: RawWorker | None = None

    async def run(self, count: int) -> None:
        """Say so many."""
        for _ in range(count):
            self._outcome.done += 1
            if self._random.random() < 0.1:
                await self._greet()
            else:
                await self._report()
        await self._leave()

    async def _greet(self) -> None:
        """A hello with an extreme, which is answered whatever it is."""
        await self._leave()
        worker = RawWorker(self._installation.port, "bob")
        hello = pb.Hello(proto_min=1, proto_max=1, name="bob", boot_id="b", instance_id="greeter", os="linux")
        hello.labels["disk"] = "ssd"
        await worker.say(pb.Up(hello=in_message(hello, self._random)))
        try:
            await worker.hear()
        except TimeoutError:
            self._outcome.add("stuck", f"a hello without an answer: {hello}")
        except Exception as error:  # the stream's end may come as a status
            del error
        await worker.close()

    async def _report(self) -> None:
        """An operation of which one event has an extreme."""
        # before anything is asked for: whoever greeted before may be connected still, and refuses what it can't do
        worker = self._worker = self._worker or await self._connected()
        build = await self._installation.build("bob")
        spec = self._random.choice(SPECS)
        operation = await self._installation.operation(build, spec)
        desired = await worker.expect_run(operation)
        script = Script.of(operation, desired)
        entry = pb.FileEntry(path=b"a", type=pb.FILE_TYPE_REGULAR, size=1)
        events = [
            script.started(),
            script.event(file_result=pb.FileResult(entries=[entry])),
            script.output(b"some\0output\n") if isinstance(spec, Run) else script.event(file_result=pb.FileResult()),
            script.exited(),
        ]
        said = list(events)
        place = self._random.randrange(len(said))
        harmed = pb.RunEvent.FromString(said[place].SerializeToString())
        kind = str(harmed.WhichOneof("event"))
        getattr(harmed, kind).CopyFrom(in_message(getattr(harmed, kind), self._random))
        said[place] = harmed
        await self._say(said)
        if not await self._over(build, events):
            self._outcome.add("stuck", f"{type(spec).__name__}, {kind}: {harmed!s:.300}")
            self._worker = None

    async def _say(self, events: Sequence[pb.RunEvent]) -> None:
        try:
            if self._worker is not None:
                await self._worker.report(*events)
        except Exception as error:  # it was thrown out while it spoke
            del error
            self._worker = None

    async def _connected(self) -> RawWorker:
        worker = RawWorker(self._installation.port, "bob", instance_id=f"bob {self._outcome.done}")
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                await worker.hello()
                answer = await worker.hear()
                if answer is not None and answer.WhichOneof("message") == "welcome":
                    return worker
                await worker.close()
                await asyncio.sleep(LOOK_SECONDS)
                worker = RawWorker(self._installation.port, "bob", instance_id=f"bob {self._outcome.done}")

    async def _over(self, build: BuildId, events: Sequence[pb.RunEvent]) -> bool:
        """Whether the operation ends: the worker says it again as it should be, and comes back if it is thrown out."""
        deadline, looks = asyncio.get_running_loop().time() + PATIENCE_SECONDS, 0
        while asyncio.get_running_loop().time() < deadline:
            state, _ = self._installation.ledger.load(build_rules.AGGREGATE, build)
            if not state.operation_open:
                return True
            if self._worker is not None and self._installation.service.connected == 0:
                await self._leave()
            if self._worker is None:
                self._worker = await self._connected()
            await asyncio.sleep(LOOK_SECONDS)
            looks += 1
            if looks % AGAIN_LOOKS == 0:
                await self._say(events)
        return False

    async def _leave(self) -> None:
        if self._worker is not None:
            await self._worker.close()
            self._worker = None


def _look(installation: Installation, directory: Path, outcome: LoopOutcome) -> None:
    """Whether every view has all of it."""
    views = Views(SqliteViews(directory / "views"))
    projector = Projector(installation.ledger, views)
    projector.catch_up()
    for state in projector.states():
        if state.error is not None:
            outcome.add("standing still", f"{state.name} at {state.position}: {state.error}")
    for reader, facts in skipped_facts(installation.ledger).items():
        for fact in facts:
            outcome.add("unseen", f"{reader}: position {fact.position}, {fact.fact}: {fact.reason}")
    views.close()
