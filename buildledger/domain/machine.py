"""Machines of elastic workers: one at a time, started once, and after a failure not again for a while."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Literal, assert_never
from uuid import UUID

import msgspec

from buildledger.domain.command import Aggregate, Command
from buildledger.domain.refusals import MachineBusyRefusal
from buildledger.events.fact import Fact
from buildledger.events.ids import BuildId, machine_id
from buildledger.events.machine import (
    MachineIdle,
    MachineQuarantined,
    MachineReleased,
    MachineStarted,
    MachineStartFailed,
    MachineStartRequested,
    MachineStopped,
    MachineStopRequested,
)

LONGEST_QUARANTINE = timedelta(hours=1)
ALERT_AFTER_FAILURES = 3
"""So many in a row are no accident: a person has to look."""

Phase = Literal["down", "requested", "started", "stopping"]


class MachineState(msgspec.Struct, frozen=True, kw_only=True):
    """A worker's machine as its facts left it."""

    start: int = 0
    """The number of the last one; 0: there was none."""
    phase: Phase = "down"
    settings: str = ""
    """How the last one was started."""
    failures: int = 0
    """In a row."""
    quarantined_until: datetime | None = None
    idle: bool = False
    """It was noted that it has nothing to do, after the build `idle_after`."""
    idle_after: BuildId | None = None


class MachineCommand(Command, frozen=True, kw_only=True):
    """A command about the machine of one worker."""

    worker: str

    @property
    def stream_id(self) -> UUID:
        """The stream of the worker's machines."""
        return machine_id(self.worker)


class StartMachine(MachineCommand, frozen=True, kw_only=True):
    """Have the worker started; its number is that of the last start and one more, so nothing is started twice."""

    start: int
    settings: str
    reason: str


class ReportMachineStarted(MachineCommand, frozen=True, kw_only=True):
    """Say that the driver has started it."""

    start: int
    place: str


class FailMachine(MachineCommand, frozen=True, kw_only=True):
    """Give a start up; decides nothing about a machine that is being stopped already."""

    start: int
    reason: str
    at: datetime
    first_quarantine: timedelta
    """How long the first of several failures keeps the worker from being started; doubled by each further one."""


class ReleaseMachine(MachineCommand, frozen=True, kw_only=True):
    """End the quarantine."""

    reason: str


class NoteMachineIdle(MachineCommand, frozen=True, kw_only=True):
    """Let its idle time begin, once after each build."""

    start: int
    after: BuildId | None


class StopMachine(MachineCommand, frozen=True, kw_only=True):
    """Have it stopped."""

    start: int
    reason: str


class EndMachine(MachineCommand, frozen=True, kw_only=True):
    """Say that it is gone; one that nobody asked to stop has failed."""

    start: int
    reason: str
    at: datetime
    first_quarantine: timedelta


MachineCommands = (
    StartMachine | ReportMachineStarted | FailMachine | ReleaseMachine | NoteMachineIdle | StopMachine | EndMachine
)


def decide(state: MachineState, command: MachineCommands) -> tuple[Fact, ...]:
    """One machine at a time; whoever speaks of an earlier one decides nothing.

    Raises:
        MachineBusyRefusal
    """
    match command:
        case StartMachine():
            return _start(state, command)
        case ReportMachineStarted(worker=worker, start=start, place=place):
            fresh = state.phase == "requested" and start == state.start
            return (MachineStarted(worker=worker, start=start, place=place),) if fresh else ()
        case FailMachine(worker=worker, start=start, reason=reason):
            if start != state.start or state.phase not in ("requested", "started"):
                return ()
            return (MachineStartFailed(worker=worker, start=start, reason=reason), _quarantine(state, command))
        case ReleaseMachine(worker=worker, reason=reason):
            return () if state.quarantined_until is None else (MachineReleased(worker=worker, reason=reason),)
        case NoteMachineIdle(worker=worker, start=start, after=after):
            up = start == state.start and state.phase in ("requested", "started")
            noted = state.idle and state.idle_after == after
            return (MachineIdle(worker=worker, start=start, after=after),) if up and not noted else ()
        case StopMachine(worker=worker, start=start, reason=reason):
            up = start == state.start and state.phase in ("requested", "started")
            return (MachineStopRequested(worker=worker, start=start, reason=reason),) if up else ()
        case EndMachine(worker=worker, start=start, reason=reason):
            if start != state.start or state.phase == "down":
                return ()
            stopped = MachineStopped(worker=worker, start=start, reason=reason)
            return (stopped,) if state.phase == "stopping" else (stopped, _quarantine(state, command))
        case _:
            assert_never(command)


def _start(state: MachineState, command: StartMachine) -> tuple[Fact, ...]:
    worker, start = command.worker, command.start
    if start == state.start and state.phase != "down":
        return ()
    if start != state.start + 1 or state.phase != "down" or state.quarantined_until is not None:
        raise MachineBusyRefusal(worker, start)
    requested = MachineStartRequested(worker=worker, start=start, settings=command.settings, reason=command.reason)
    return (requested,)


def _quarantine(state: MachineState, command: FailMachine | EndMachine) -> MachineQuarantined:
    failures = state.failures + 1
    until = command.at + quarantine(command.worker, command.start, failures, command.first_quarantine)
    return MachineQuarantined(worker=command.worker, until=until, failures=failures, reason=command.reason)


def quarantine(worker: str, start: int, failures: int, first: timedelta) -> timedelta:
    """How long a worker isn't started after so many failures in a row: doubled each time, an hour at the most.

    Up to a quarter is taken off, by worker and start: those that failed together aren't all started together again.
    """
    ceiling = min(first * (1 << min(failures - 1, 20)), LONGEST_QUARANTINE)
    digest = hashlib.sha256(f"{worker}\x1f{start}".encode()).digest()
    return ceiling * (1.0 - int.from_bytes(digest[:4]) / 2**32 / 4)


def evolve(state: MachineState, fact: Fact) -> MachineState:
    """Follow the machine from its start to its end."""
    replace = msgspec.structs.replace
    match fact:
        case MachineStartRequested(start=start, settings=settings):
            return MachineState(start=start, phase="requested", settings=settings, failures=state.failures)
        case MachineStarted():
            return replace(state, phase="started")
        case MachineStartFailed():
            return replace(state, phase="stopping")
        case MachineQuarantined(until=until, failures=failures):
            return replace(state, quarantined_until=until, failures=failures)
        case MachineReleased():
            return replace(state, quarantined_until=None)
        case MachineIdle(after=after):
            failures = state.failures if after is None else 0
            return replace(state, idle=True, idle_after=after, failures=failures)
        case MachineStopRequested():
            return replace(state, phase="stopping", failures=0)
        case MachineStopped():
            return replace(state, phase="down", idle=False, idle_after=None)
        case _:
            return state


AGGREGATE = Aggregate(
    name="machine",
    commands=(
        StartMachine,
        ReportMachineStarted,
        FailMachine,
        ReleaseMachine,
        NoteMachineIdle,
        StopMachine,
        EndMachine,
    ),
    initial=MachineState(),
    decide=decide,
    evolve=evolve,
)
