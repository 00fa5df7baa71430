"""Leases of disconnected workers: when one runs out, the worker and the operations that it held are lost."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from buildledger.domain.build import FinishOperation
from buildledger.domain.refusals import Refusal
from buildledger.domain.schedule import lease_ends_at
from buildledger.domain.worker import DisconnectWorker, ExpireLease
from buildledger.events.build import OperationRequested
from buildledger.events.fact import Fact, Recorded
from buildledger.events.ids import BuildId, ServerId, WorkerId, worker_id
from buildledger.events.operation import Ended, EndReason
from buildledger.events.server import ServerLost, ServerStarted, ServerStopped
from buildledger.events.worker import DisconnectReason, WorkerConnected, WorkerDisconnected, WorkerLost
from buildledger.ledger.errors import LedgerUnavailable
from buildledger.reactors.reactor import CommandBatch, Fold
from buildledger.reactors.state.shared import SharedState
from buildledger.reactors.state.workers import KnownWorker

LEASE_SECONDS = 90.0
"""How long a worker may be disconnected before its builds are lost."""


class Leases:
    """Decides alone when a worker is lost."""

    name = "leases"

    def __init__(
        self, shared: SharedState, *, serves: Callable[[ServerId], bool], lease_seconds: float = LEASE_SECONDS
    ) -> None:
        self._shared = shared
        self._serves = serves
        """Whether a server process, which may hold sessions of workers, is alive."""
        self._lease_seconds = lease_seconds
        self._serving_since: datetime | None = None
        self._leases: list[tuple[datetime, WorkerId, int]] = []
        """When each lease runs out, with the epoch of the session that it follows."""
        self._unserved: dict[WorkerId, int] = {}
        """Workers that were connected to a server process when it ended, with the epoch of that session."""
        self._ended: set[ServerId] = set()
        """Server processes that have ended since the reactors began; one may let a worker in at its very end."""
        self._abandoned: dict[BuildId, None] = {}
        """Builds on lost workers, which may have an open operation."""

    def folds(self) -> Mapping[type[Fact], Fold]:
        """See `Reactor`."""
        return {
            WorkerConnected: self._connected,
            WorkerDisconnected: self._disconnected,
            WorkerLost: self._lost,
            OperationRequested: self._requested,
            ServerStarted: self._server_started,
            ServerStopped: self._server_ended,
            ServerLost: self._server_ended,
        }

    def begin(self, now: datetime) -> None:
        """See `Reactor`: leases begin anew, because while no server ran no worker could come back."""
        self._serving_since = now
        self._leases.clear()
        for worker, known in self._shared.workers.items():
            if known.connected:
                if known.server_id and not self._serves(known.server_id):
                    self._unserved[worker] = known.epoch
            elif known.lost:
                self._abandon_builds(known)
            else:
                self._schedule_expiry(worker, known)

    def react(self, now: datetime) -> list[CommandBatch]:
        """See `Reactor`."""
        batches = [self._disconnect(worker) for worker in self._take_unserved()]
        while self._leases and self._leases[0][0] <= now:
            _, worker, epoch = heapq.heappop(self._leases)
            known = self._shared.workers[worker]
            if known.epoch == epoch and not known.connected and not known.lost:
                batches.append(CommandBatch((ExpireLease(worker=known.name, epoch=epoch),), worker))
        abandoned, self._abandoned = self._abandoned, {}
        batches.extend(batch for build_id in abandoned if (batch := self._lose_operation(build_id)) is not None)
        return batches

    def refused(self, subject: UUID | str, why: Refusal | LedgerUnavailable) -> None:
        """See `Reactor`."""
        refused = UUID(str(subject))
        if (known := self._shared.workers.get(WorkerId(refused))) is not None:
            self._schedule_expiry(WorkerId(refused), known)
        else:
            self._abandoned[BuildId(refused)] = None

    def decided_nothing(self, subject: UUID | str) -> None:
        """See `Reactor`: whoever asks looks at facts first, so nothing waits for another."""

    def next_at(self) -> datetime | None:
        """See `Reactor`: when the next lease runs out."""
        return self._leases[0][0] if self._leases else None

    def _connected(self, recorded: Recorded, fact: WorkerConnected) -> None:
        if fact.server_id in self._ended:
            self._unserved[WorkerId(recorded.stream_id)] = fact.epoch

    def _disconnected(self, recorded: Recorded, fact: WorkerDisconnected) -> None:
        worker = WorkerId(recorded.stream_id)
        self._schedule_expiry(worker, self._shared.workers[worker])

    def _lost(self, recorded: Recorded, fact: WorkerLost) -> None:
        self._abandon_builds(self._shared.workers[WorkerId(recorded.stream_id)])

    def _requested(self, recorded: Recorded, fact: OperationRequested) -> None:
        known = self._shared.worker(fact.worker)
        if known is None or known.lost:
            self._abandoned[BuildId(recorded.stream_id)] = None

    def _server_started(self, recorded: Recorded, fact: Any) -> None:
        self._ended.discard(ServerId(recorded.stream_id))

    def _server_ended(self, recorded: Recorded, fact: Any) -> None:
        server = ServerId(recorded.stream_id)
        self._ended.add(server)
        for worker, known in self._shared.workers.items():
            if known.server_id == server:
                self._unserved[worker] = known.epoch

    def _schedule_expiry(self, worker: WorkerId, known: KnownWorker) -> None:
        if self._serving_since is not None and known.disconnected_at is not None and not known.lost:
            ends = lease_ends_at(known.disconnected_at, self._serving_since, self._lease_seconds)
            heapq.heappush(self._leases, (ends, worker, known.epoch))

    def _abandon_builds(self, known: KnownWorker) -> None:
        self._abandoned.update(dict.fromkeys(self._shared.builds_of.get(known.name, ())))

    def _take_unserved(self) -> list[KnownWorker]:
        unserved, self._unserved = self._unserved, {}
        known = ((self._shared.workers[worker], epoch) for worker, epoch in unserved.items())
        return [each for each, epoch in known if each.connected and each.epoch == epoch]

    def _disconnect(self, known: KnownWorker) -> CommandBatch:
        command = DisconnectWorker(worker=known.name, epoch=known.epoch, reason=DisconnectReason.SERVER_LOST)
        return CommandBatch((command,), worker_id(known.name))

    def _lose_operation(self, build_id: BuildId) -> CommandBatch | None:
        run = self._shared.builds.get(build_id)
        if run is None or run.open_operation is None or run.open_operation_on_server:
            return None
        known = self._shared.worker(run.assigned.worker)
        if known is not None and not known.lost:
            return None
        lost = FinishOperation(
            build_id=build_id,
            operation_id=run.open_operation,
            fence=run.assigned.fence,
            ended=Ended(reason=EndReason.LOST, detail=f"worker {run.assigned.worker} did not come back"),
        )
        return CommandBatch((lost,), build_id, run.causation_id, run.correlation_id)
