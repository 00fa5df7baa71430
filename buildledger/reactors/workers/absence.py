"""Reports workers that have been away for longer than their `missing_after`."""

from __future__ import annotations

import heapq
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from buildledger.domain.refusals import Refusal
from buildledger.domain.schedule import lease_ends_at
from buildledger.domain.worker import ReportWorkerMissing
from buildledger.events.config import ConfigApplied
from buildledger.events.fact import Fact, Recorded
from buildledger.events.ids import WorkerId
from buildledger.events.worker import WorkerDisconnected
from buildledger.ledger.errors import LedgerUnavailable
from buildledger.reactors.reactor import CommandBatch, Fold
from buildledger.reactors.state.shared import SharedState
from buildledger.reactors.state.workers import KnownWorker


class AbsenceMonitor:
    """Reports each absence once. A worker whose machine the server has stopped isn't missing."""

    name = "missing"

    def __init__(self, shared: SharedState) -> None:
        self._shared = shared
        self._serving_since: datetime | None = None
        self._due: list[tuple[datetime, WorkerId, int]] = []
        """When each worker may be missing, with the epoch of its last session."""

    def folds(self) -> Mapping[type[Fact], Fold]:
        """See `Reactor`."""
        return {WorkerDisconnected: self._disconnected, ConfigApplied: self._reconfigured}

    def begin(self, now: datetime) -> None:
        """See `Reactor`: the time begins anew, because while no server ran no worker could come back."""
        self._serving_since = now
        self._schedule_all()

    def react(self, now: datetime) -> list[CommandBatch]:
        """See `Reactor`."""
        batches: list[CommandBatch] = []
        while self._due and self._due[0][0] <= now:
            _, worker, epoch = heapq.heappop(self._due)
            known = self._shared.workers[worker]
            away = known.epoch == epoch and not known.connected and not known.missing
            if away and self._is_expected(known) and known.disconnected_at is not None:
                report = ReportWorkerMissing(worker=known.name, epoch=epoch, since=known.disconnected_at)
                batches.append(CommandBatch((report, *self._shared.under_this_configuration()), worker))
        return batches

    def refused(self, subject: UUID | str, why: Refusal | LedgerUnavailable) -> None:
        """See `Reactor`."""
        self._schedule(WorkerId(UUID(str(subject))))

    def decided_nothing(self, subject: UUID | str) -> None:
        """See `Reactor`: whoever asks looks at facts first, so nothing waits for another."""

    def next_at(self) -> datetime | None:
        """See `Reactor`: when the next worker may be missing."""
        return self._due[0][0] if self._due else None

    def _disconnected(self, recorded: Recorded, fact: Any) -> None:
        self._schedule(WorkerId(recorded.stream_id))

    def _reconfigured(self, recorded: Recorded, fact: Any) -> None:
        self._schedule_all()

    def _schedule_all(self) -> None:
        self._due.clear()
        for worker in self._shared.workers:
            self._schedule(worker)

    def _schedule(self, worker: WorkerId) -> None:
        known = self._shared.workers[worker]
        if self._serving_since is None or known.connected or known.missing or known.disconnected_at is None:
            return
        if (seconds := self._grace_seconds(known)) is not None:
            due = lease_ends_at(known.disconnected_at, self._serving_since, seconds)
            heapq.heappush(self._due, (due, worker, known.epoch))

    def _grace_seconds(self, known: KnownWorker) -> float | None:
        configuration = self._shared.configurations.current
        configured = None if configuration is None else configuration.workers.get(known.name)
        return None if configured is None else configured.missing_seconds

    def _is_expected(self, known: KnownWorker) -> bool:
        """Whether the worker should be connected: an elastic one while its machine runs, any other always."""
        configuration = self._shared.configurations.current
        configured = None if configuration is None else configuration.workers.get(known.name)
        if configured is None or configured.missing_seconds is None:
            return False
        machine = self._shared.machines.known.get(known.name)
        runs = machine is not None and machine.arrived and machine.state.phase in ("requested", "started")
        return configured.start is None or runs
