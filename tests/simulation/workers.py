"""Workers as the rules see them: what they hear and what they report may be lost, repeated and late."""

from __future__ import annotations

from collections import Counter
from random import Random

import msgspec

from buildledger.domain.build import FinishOperation, ReportOperationStarted
from buildledger.domain.command import Command
from buildledger.domain.refusals import Refusal
from buildledger.domain.worker import ConnectWorker, DisconnectWorker, EnrollWorker
from buildledger.events.build import BuildStopRequested, OperationRequested
from buildledger.events.fact import Recorded
from buildledger.events.ids import BuildId, OperationId
from buildledger.events.operation import Ended
from buildledger.events.worker import WorkerConnected
from tests.fakes.worker_features import EVERYTHING
from tests.reactors.world import FAILED, PASSED, SERVER, World


class Entry(msgspec.Struct, kw_only=True):
    """An operation in a worker's journal, which outlives its process."""

    build_id: BuildId
    fence: int
    ended: Ended | None = None
    """None while its process runs."""
    wants_result: Ended = PASSED


class SimulatedWorker:
    """One worker. It starts each operation at most once, whatever it is told."""

    def __init__(self, w: World, random: Random, name: str, executed: Counter[OperationId]) -> None:
        self.name = name
        self.connected = False
        self._w = w
        self._random = random
        self._executed = executed
        self._instance = 0
        self._journal: dict[OperationId, Entry] = {}

    async def connect(self) -> None:
        """Say hello."""
        hello = ConnectWorker(
            worker=self.name,
            credential_digest="secret",
            server_id=SERVER,
            boot_id="boot",
            instance_id=str(self._instance),
            version="simulated/1",
            os="linux",
            arch="x86_64",
            labels={},
            capacity=100,
            features=EVERYTHING,
            address="",
        )
        await self._w.command(EnrollWorker(worker=self.name, credential_digest="secret"), hello)
        self.connected = True

    async def drop(self) -> None:
        """Lose the connection; the processes go on."""
        if self.connected:
            epoch = [fact.epoch for fact in self._w.facts(WorkerConnected) if fact.worker == self.name][-1]
            await self._w.command(DisconnectWorker(worker=self.name, epoch=epoch, reason="stream_ended"))
            self.connected = False

    async def crash(self) -> None:
        """Be killed with all processes, and find in the journal what was interrupted."""
        await self.drop()
        self._instance += 1
        for entry in self._journal.values():
            if entry.ended is None:
                entry.ended = Ended(reason="interrupted")

    def hear(self, wanted: list[Recorded], *, loses: float) -> None:
        """Be told what is wanted; each word may be lost, and all of it is said again later."""
        stops = {recorded.stream_id: recorded.position for recorded in self._w.recorded(BuildStopRequested)}
        named: set[OperationId] = set()
        for recorded in wanted:
            fact = recorded.fact
            assert isinstance(fact, OperationRequested)
            named.add(fact.operation_id)
            if fact.worker != self.name or self._random.random() < loses:
                continue
            entry = self._journal.get(fact.operation_id)
            if entry is None:
                self._executed[fact.operation_id] += 1
                result = FAILED if self._random.random() < 0.1 else PASSED
                entry = Entry(build_id=BuildId(recorded.stream_id), fence=fact.fence, wants_result=result)
                self._journal[fact.operation_id] = entry
            if entry.ended is None and stops.get(recorded.stream_id, 0) > recorded.position:
                entry.ended = Ended(reason="cancel")
        for operation_id, entry in self._journal.items():
            if entry.ended is None and operation_id not in named:
                entry.ended = Ended(reason="cancel", detail="abandoned")

    def work(self) -> None:
        """Let some processes come to their end."""
        for entry in self._journal.values():
            if entry.ended is None and self._random.random() < 0.6:
                entry.ended = entry.wants_result

    async def report(self, *, loses: float) -> None:
        """Report what happened, in any order; what is lost or unheard is reported again."""
        if not self.connected:
            return
        reports: list[Command] = []
        for operation_id, entry in self._journal.items():
            where = {"build_id": entry.build_id, "operation_id": operation_id, "fence": entry.fence}
            reports.append(msgspec.convert(where, ReportOperationStarted))
            if entry.ended is not None:
                reports.append(msgspec.convert(where | {"ended": entry.ended}, FinishOperation))
        self._random.shuffle(reports)
        for command in reports:
            if self._random.random() >= loses:
                try:
                    await self._w.command(command)
                except Refusal as refusal:
                    raise AssertionError(f"a worker's honest report was refused: {refusal}") from refusal
