"""Cron triggers: builds at set times. Runs that were missed while no server ran are made up for by one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

import msgspec

from buildledger.config.resolved import Configuration, CronTrigger
from buildledger.domain.cron import last_run, next_run
from buildledger.domain.refusals import Refusal, RequestContradictedRefusal
from buildledger.events.fact import Recorded
from buildledger.events.request import RequestSubmitted, SourceStamp
from buildledger.ledger.errors import LedgerUnavailable
from buildledger.reactors.reactor import CommandBatch
from buildledger.reactors.triggers.failures import TriggerFailures
from buildledger.reactors.triggers.request_factory import RequestCause, RequestFactory


class Timetable(msgspec.Struct, kw_only=True):
    """The times of one trigger, and what it has requested."""

    at: str
    zone: str
    since: datetime
    """Only times after this one are due: that of the last run, or when the trigger was configured."""
    built: dict[str, tuple[SourceStamp, ...]] = msgspec.field(default_factory=dict)
    """The source stamps of its last request, by builder."""


class CronTriggers:
    """The timetables of all cron triggers."""

    def __init__(self, factory: RequestFactory, failures: TriggerFailures) -> None:
        self._factory = factory
        self._failures = failures
        self.timetables: dict[str, Timetable] = {}
        """By the trigger's name."""
        self._due: dict[str, datetime] = {}
        self._in_flight: dict[str, datetime] = {}
        """The run of each trigger whose requests were given to the ledger and aren't facts yet."""

    def configured(self, configuration: Configuration, at: datetime) -> None:
        """Take over the triggers of a configuration; one with the same times keeps its timetable."""
        before, self.timetables = self.timetables, {}
        self._due.clear()
        for trigger in configuration.triggers.values():
            if isinstance(trigger, CronTrigger):
                known = before.get(trigger.name)
                if known is None or (known.at, known.zone) != (trigger.at, trigger.zone):
                    known = Timetable(at=trigger.at, zone=trigger.zone, since=at)
                self.timetables[trigger.name] = known

    def begin(self, now: datetime) -> None:
        """Compute from the present time what is due; runs that a clock ahead of it has made stay made."""
        self._due.clear()
        for timetable in self.timetables.values():
            timetable.since = min(timetable.since, now)

    def submitted(self, recorded: Recorded, fact: RequestSubmitted) -> None:
        """Note that a run's request is in the ledger."""
        if (timetable := self.timetables.get(fact.trigger or "")) is not None:
            timetable.built[fact.builder] = fact.stamps
            self._ran(fact.trigger or "", timetable, recorded.meta.recorded_at)

    def _ran(self, trigger: str, timetable: Timetable, at: datetime) -> None:
        timetable.since = max(timetable.since, at)
        self._due.pop(trigger, None)
        self._in_flight.pop(trigger, None)

    def due(self, configuration: Configuration, now: datetime) -> Iterator[CommandBatch]:
        """The requests of all triggers that are due."""
        for name, timetable in self.timetables.items():
            with self._failures.of(name):
                if (batch := self._run(configuration, name, timetable, now)) is not None:
                    yield batch

    def _run(self, configuration: Configuration, name: str, timetable: Timetable, now: datetime) -> CommandBatch | None:
        next_at = self._next(name, timetable)
        if next_at is None or next_at > now:
            return None
        trigger = configuration.triggers[name]
        assert isinstance(trigger, CronTrigger)
        scheduled = last_run(timetable.at, timetable.zone, now)
        changed = self._changed(configuration, trigger, timetable)
        commands = self._factory.requests(configuration, changed, _cause(trigger, scheduled))
        if not commands:
            self._ran(name, timetable, scheduled)
            return None
        self._in_flight[name] = scheduled
        return CommandBatch(commands, name)

    def _changed(self, configuration: Configuration, trigger: CronTrigger, timetable: Timetable) -> list[str]:
        """The builders to request: with `only_if_changed` those whose source stamps aren't the last ones.

        A source whose revision isn't known, because nobody has read it, may have changed.
        """
        cause = _cause(trigger, timetable.since)
        if not trigger.only_if_changed:
            return list(trigger.build)
        changed = []
        for name in trigger.build:
            stamps = self._factory.stamps(configuration, configuration.builders[name], cause)
            if timetable.built.get(name) != stamps or any(stamp.revision is None for stamp in stamps):
                changed.append(name)
        return changed

    def _next(self, name: str, timetable: Timetable) -> datetime | None:
        """When a trigger is due next; None while it waits for the ledger, or has failed."""
        if name in self._in_flight or self._failures.has(name):
            return None
        at = self._due.get(name)
        if at is None:
            at = self._due[name] = next_run(timetable.at, timetable.zone, timetable.since)
        return at

    def next_at(self) -> datetime | None:
        """When the next trigger is due; None if there is none."""
        times: list[datetime] = []
        for name, timetable in self.timetables.items():
            with self._failures.of(name):
                if (at := self._next(name, timetable)) is not None:
                    times.append(at)
        return min(times, default=None)

    def refused(self, subject: UUID | str, why: Refusal | LedgerUnavailable) -> None:
        """Request again what a refused batch was to request.

        A run whose requests are there with other contents was made before the clock was set back.
        """
        if isinstance(why, RequestContradictedRefusal):
            self.decided_nothing(subject)
        else:
            self._in_flight.pop(str(subject), None)

    def decided_nothing(self, subject: UUID | str) -> None:
        """Take a run for made, because its requests are in the ledger."""
        name = str(subject)
        scheduled, timetable = self._in_flight.get(name), self.timetables.get(name)
        if scheduled is not None and timetable is not None:
            self._ran(name, timetable, scheduled)


def _cause(trigger: CronTrigger, scheduled: datetime) -> RequestCause:
    return RequestCause(trigger=trigger.name, reason="cron", key=("cron", scheduled.isoformat()), branch=trigger.branch)
