"""Has workers started for requests that find no room, and idle ones stopped; ends quarantines."""

from __future__ import annotations

import heapq
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

from buildledger.config import machines
from buildledger.config.stored import read_machine_settings
from buildledger.domain.command import Command
from buildledger.domain.machine import MachineState, NoteMachineIdle, ReleaseMachine, StartMachine, StopMachine
from buildledger.domain.refusals import Refusal
from buildledger.events import build, config
from buildledger.events import worker as worker_events
from buildledger.events.fact import Fact, Recorded
from buildledger.events.ids import WorkerId, machine_id, worker_id
from buildledger.events.stored_format import UnreadableTextError
from buildledger.ledger.errors import LedgerUnavailable
from buildledger.reactors.reactor import CommandBatch, Fold
from buildledger.reactors.scheduling.demand import worker_starts
from buildledger.reactors.scheduling.scheduler import Scheduler
from buildledger.reactors.state.machines import FACTS, KnownMachine
from buildledger.reactors.state.shared import SharedState

TIME_IS_OVER = "the time is over"
RECONFIGURED = "its configuration was changed"
NOT_CONFIGURED = "the configuration doesn't have it"

_settings = lru_cache(maxsize=2_000)(read_machine_settings)


@lru_cache(maxsize=2_000)
def _canonical(settings: str) -> str:
    """Stored settings in the newest format, so that an upgrade of the server changes no machine.

    What can't be read stays as it is, and so differs from whatever is configured: that machine is stopped.
    """
    try:
        return machines.to_json(_settings(settings))
    except UnreadableTextError:
        return settings


class Autoscaler:
    """Decides which machines run; the controllers in `elastic/` start and stop them."""

    name = "elasticity"

    def __init__(self, shared: SharedState, scheduler: Scheduler) -> None:
        self._shared = shared
        self._scheduler = scheduler
        self._configured: dict[str, str] = {}
        """The settings by which each elastic worker is started, by the configuration in force."""
        self._names: dict[WorkerId, str] = {}
        self._dirty: dict[str, None] = {}
        self._timers: list[tuple[datetime, str]] = []
        self._startable: set[str] = set()
        """The workers that are down and may be started."""
        self._begun = False

    def folds(self) -> Mapping[type[Fact], Fold]:
        """See `Reactor`."""
        return {
            **dict.fromkeys(FACTS, self._machine_changed),
            config.ConfigApplied: self._reconfigured,
            build.BuildAssigned: self._assigned,
            build.BuildFinished: self._finished,
            worker_events.WorkerEnrolled: self._worker_changed,
            worker_events.WorkerConnected: self._worker_changed,
            worker_events.WorkerDisconnected: self._worker_changed,
            worker_events.WorkerPaused: self._worker_changed,
            worker_events.WorkerResumed: self._worker_changed,
            worker_events.WorkerRevoked: self._worker_changed,
        }

    def begin(self, now: datetime) -> None:
        """See `Reactor`: look at every elastic worker, and at the machines of those that aren't configured any more."""
        self._begun = True
        configuration = self._shared.configurations.current
        if self._shared.configurations.unreadable is not None:
            return  # which workers there should be isn't known: none is started or stopped for that
        workers = {} if configuration is None else configuration.workers
        self._configured = {
            name: machines.to_json(worker.start) for name, worker in workers.items() if worker.start is not None
        }
        self._names = {worker_id(name): name for name in (*self._configured, *self._shared.machines.known)}
        self._startable.clear()
        self._dirty = dict.fromkeys(self._names.values())

    def react(self, now: datetime) -> list[CommandBatch]:
        """See `Reactor`."""
        while self._timers and self._timers[0][0] <= now:
            self._dirty[heapq.heappop(self._timers)[1]] = None
        dirty, self._dirty = self._dirty, {}
        commands = [command for name in dirty for command in self._reconcile(name, now)]
        batches = [CommandBatch((command,), command.stream_id) for command in commands]
        return batches + self._starts()

    def refused(self, subject: UUID | str, why: Refusal | LedgerUnavailable) -> None:
        """See `Reactor`."""
        self._dirty.update((name, None) for name in self._names.values() if machine_id(name) == subject)

    def decided_nothing(self, subject: UUID | str) -> None:
        """See `Reactor`: whoever asks looks at facts first, so nothing waits for another."""

    def next_at(self) -> datetime | None:
        """See `Reactor`: when a quarantine or an idle time is over."""
        return self._timers[0][0] if self._timers else None

    def _reconfigured(self, recorded: Recorded, fact: Any) -> None:
        if self._begun:
            self.begin(recorded.meta.recorded_at)

    def _machine_changed(self, recorded: Recorded, fact: Any) -> None:
        self._names.setdefault(worker_id(fact.worker), fact.worker)
        self._dirty[fact.worker] = None

    def _assigned(self, recorded: Recorded, fact: build.BuildAssigned) -> None:
        self._mark_dirty(fact.worker)

    def _finished(self, recorded: Recorded, fact: Any) -> None:
        assert self._shared.ended is not None
        self._mark_dirty(self._shared.ended.assigned.worker)

    def _worker_changed(self, recorded: Recorded, fact: Any) -> None:
        if (name := self._names.get(WorkerId(recorded.stream_id))) is not None:
            self._dirty[name] = None

    def _mark_dirty(self, name: str) -> None:
        if name in self._configured or name in self._shared.machines.known:
            self._dirty[name] = None

    def _reconcile(self, name: str, now: datetime) -> list[Command]:
        """The commands that bring a worker's machine to where it should be, but for its start."""
        known = self._shared.machines.known.get(name) or KnownMachine()
        state = known.state
        self._startable.discard(name)
        if state.phase in ("requested", "started"):
            return self._reconcile_running(name, known, now)
        if state.quarantined_until is not None:
            return self._reconcile_quarantined(name, state, now)
        if state.phase == "down" and name in self._configured and self._may_start(name):
            self._startable.add(name)
        return []

    def _reconcile_quarantined(self, name: str, state: MachineState, now: datetime) -> list[Command]:
        assert state.quarantined_until is not None
        other = name in self._configured and self._configured[name] != _canonical(state.settings)
        if other or state.quarantined_until <= now:
            return [ReleaseMachine(worker=name, reason=RECONFIGURED if other else TIME_IS_OVER)]
        heapq.heappush(self._timers, (state.quarantined_until, name))
        return []

    def _reconcile_running(self, name: str, known: KnownMachine, now: datetime) -> list[Command]:
        """Stop a machine whose settings have changed or that has been idle for too long; never while it has a build."""
        state = known.state
        if self._scheduler.is_busy(name):
            return []
        if (settings := self._configured.get(name)) != _canonical(state.settings):
            reason = NOT_CONFIGURED if settings is None else RECONFIGURED
            return [StopMachine(worker=name, start=state.start, reason=reason)]
        worker = self._shared.worker(name)
        if worker is None or not worker.connected:
            return []
        if not state.idle or state.idle_after != known.last_build:
            return [NoteMachineIdle(worker=name, start=state.start, after=known.last_build)]
        idle_seconds = _settings(state.settings).idle_seconds
        if idle_seconds is None or known.idle_at is None:
            return []
        due = known.idle_at + timedelta(seconds=idle_seconds)
        if due <= now:
            return [StopMachine(worker=name, start=state.start, reason=f"idle for {idle_seconds:g} s")]
        heapq.heappush(self._timers, (due, name))
        return []

    def _may_start(self, name: str) -> bool:
        """Whether the worker would be given builds if it connected; a pause that it asked for itself ends then."""
        worker = self._shared.worker(name)
        return worker is None or not (worker.connected or worker.revoked or (worker.paused and not worker.drained))

    def _starts(self) -> list[CommandBatch]:
        if not self._startable:
            return []
        starts = worker_starts(self._scheduler.unmet_demand(), self._startable, self._shared)
        return [
            CommandBatch(
                (
                    StartMachine(
                        worker=each.worker,
                        start=self._shared.machines.state(each.worker).start + 1,
                        settings=self._configured[each.worker],
                        reason=each.reason,
                    ),
                    *self._shared.under_this_configuration(),
                ),
                machine_id(each.worker),
                each.first.causation_id,
                each.first.correlation_id,
            )
            for each in starts
        ]
