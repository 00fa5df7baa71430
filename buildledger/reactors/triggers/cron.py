"""Cron triggers: builds at set times. Runs that were missed while no server ran are made up for by one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

import msgspec

from buildledger.config.resolved import Configuration, CronTrigger
from buildledger.domain.schedule import last_run, next_run
from buildledger.events.fact import Recorded
from buildledger.events.request import RequestSubmitted, SourceStamp
from buildledger.reactors.reactor import CommandBatch
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

    def __init__(self, factory: RequestFactory) -> None:
        self._factory = factory
        self.timetables: dict[str, Timetable] = {}
        """By the trigger's name."""
        self._due: dict[str, datetime] = {}
        self._in_flight: set[str] = set()

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

    def submitted(self, recorded: Recorded, fact: RequestSubmitted) -> None:
        """Note that a run's request is in the ledger."""
        if (timetable := self.timetables.get(fact.trigger or "")) is not None:
            timetable.built[fact.builder] = fact.stamps
            self._ran(fact.trigger or "", timetable, recorded.meta.recorded_at)

    def _ran(self, trigger: str, timetable: Timetable, at: datetime) -> None:
        timetable.since = max(timetable.since, at)
        self._due.pop(trigger, None)
        self._in_flight.discard(trigger)

    def due(self, configuration: Configuration, now: datetime) -> Iterator[CommandBatch]:
        """The requests of all triggers that are due."""
        for name, timetable in self.timetables.items():
            trigger = configuration.triggers[name]
            assert isinstance(trigger, CronTrigger)
            if name in self._in_flight or self._next(name, timetable) > now:
                continue
            scheduled = last_run(timetable.at, timetable.zone, now)
            commands = self._factory.requests(
                configuration, self._changed(configuration, trigger, timetable), _cause(trigger, scheduled)
            )
            if commands:
                self._in_flight.add(name)
                yield CommandBatch(commands, name)
            else:
                self._ran(name, timetable, scheduled)

    def _changed(self, configuration: Configuration, trigger: CronTrigger, timetable: Timetable) -> list[str]:
        """The builders to request: with `only_if_changed` those whose source stamps aren't the last ones."""
        cause = _cause(trigger, timetable.since)
        return [
            name
            for name in trigger.build
            if not trigger.only_if_changed
            or timetable.built.get(name) != self._factory.stamps(configuration, configuration.builders[name], cause)
        ]

    def _next(self, name: str, timetable: Timetable) -> datetime:
        at = self._due.get(name)
        if at is None:
            at = self._due[name] = next_run(timetable.at, timetable.zone, timetable.since)
        return at

    def next_at(self) -> datetime | None:
        """When the next trigger is due; None if there is none."""
        times = (self._next(name, table) for name, table in self.timetables.items() if name not in self._in_flight)
        return min(times, default=None)

    def refused(self, subject: UUID | str) -> None:
        """Request again what a refused batch was to request."""
        self._in_flight.discard(str(subject))


def _cause(trigger: CronTrigger, scheduled: datetime) -> RequestCause:
    return RequestCause(trigger=trigger.name, reason="cron", key=("cron", scheduled.isoformat()), branch=trigger.branch)
