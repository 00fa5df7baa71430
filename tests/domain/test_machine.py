"""The rules of starting and stopping elastic workers."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given as examples
from hypothesis import strategies as st

from buildledger.domain import machine
from buildledger.domain.machine import (
    LONGEST_QUARANTINE,
    EndMachine,
    FailMachine,
    NoteMachineIdle,
    ReleaseMachine,
    ReportMachineStarted,
    StartMachine,
    StopMachine,
    quarantine,
)
from buildledger.domain.refusals import MachineBusyRefusal
from buildledger.events.fact import Fact
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
from tests.domain.samples import AT, BUILD
from tests.domain.scenario import Scenario

FIRST = timedelta(seconds=30)
REQUESTED = MachineStartRequested(worker="w", start=1, settings="{}", reason="work")
STARTED = MachineStarted(worker="w", start=1, place="process 7")
FAILED = MachineStartFailed(worker="w", start=1, reason="no image")
STOPPED = MachineStopped(worker="w", start=1, reason="exited with 0")


def quarantined(failures: int, start: int = 1, reason: str = "no image") -> MachineQuarantined:
    until = AT + quarantine("w", start, failures, FIRST)
    return MachineQuarantined(worker="w", until=until, failures=failures, reason=reason)


def start(number: int = 1) -> StartMachine:
    return StartMachine(worker="w", start=number, settings="{}", reason="work")


def fail(number: int = 1) -> FailMachine:
    return FailMachine(worker="w", start=number, reason="no image", at=AT, first_quarantine=FIRST)


def end(number: int = 1, reason: str = "exited with 0") -> EndMachine:
    return EndMachine(worker="w", start=number, reason=reason, at=AT, first_quarantine=FIRST)


def given(*past: Fact) -> Scenario:
    return Scenario(machine.AGGREGATE, *past)


def test_a_start_happens_once() -> None:
    """Asked for twice, and reported twice, it is one machine."""
    report = ReportMachineStarted(worker="w", start=1, place="process 7")
    given().when(start(), start(), report, report).then(REQUESTED, STARTED)


@pytest.mark.parametrize("past", [(REQUESTED,), (REQUESTED, STARTED), (REQUESTED, STARTED, FAILED)])
def test_there_is_one_machine_at_a_time(past: tuple[Fact, ...]) -> None:
    """The next one isn't started before the last one is known to be gone."""
    given(*past).refuses(start(2), MachineBusyRefusal)


def test_an_idle_machine_is_stopped_in_order() -> None:
    """Idle once after each build, then asked to stop, then gone: no failure."""
    idle = NoteMachineIdle(worker="w", start=1, after=BUILD)
    stop = StopMachine(worker="w", start=1, reason="idle for 10m")
    given(REQUESTED, STARTED).when(idle, idle, stop, stop, end(), end()).then(
        MachineIdle(worker="w", start=1, after=BUILD),
        MachineStopRequested(worker="w", start=1, reason="idle for 10m"),
        STOPPED,
    )


def test_a_failed_start_is_cleared_away_and_quarantined() -> None:
    """It fails once; what is left of it is still stopped, and until it is released nothing is started."""
    scenario = given(REQUESTED)
    scenario.when(fail(), fail(), end()).then(FAILED, quarantined(1), STOPPED)
    scenario.refuses(start(2), MachineBusyRefusal)
    release = ReleaseMachine(worker="w", reason="the time is over")
    scenario.when(release, release).then(MachineReleased(worker="w", reason="the time is over"))
    scenario.when(start(2)).then(MachineStartRequested(worker="w", start=2, settings="{}", reason="work"))


def test_a_machine_that_ends_by_itself_has_failed() -> None:
    """Nobody asked it to stop, so it isn't started again at once."""
    given(REQUESTED, STARTED).when(end(reason="exited with 1")).then(
        MachineStopped(worker="w", start=1, reason="exited with 1"), quarantined(1, reason="exited with 1")
    )


def test_failures_are_counted_until_a_build_was_done() -> None:
    """Connecting alone doesn't make up for them: a worker that comes and dies is kept away longer each time."""
    released = MachineReleased(worker="w", reason="the time is over")
    again = MachineStartRequested(worker="w", start=2, settings="{}", reason="work")
    came = MachineIdle(worker="w", start=2)
    worked = MachineIdle(worker="w", start=2, after=BUILD)
    past = (REQUESTED, FAILED, quarantined(1), STOPPED, released, again, came)
    given(*past).when(fail(2)).then(MachineStartFailed(worker="w", start=2, reason="no image"), quarantined(2, start=2))
    given(*past, worked).when(fail(2)).then(
        MachineStartFailed(worker="w", start=2, reason="no image"), quarantined(1, start=2)
    )


def test_whoever_speaks_of_an_earlier_machine_decides_nothing() -> None:
    """Late words about one that is gone don't touch the one that runs."""
    second = MachineStartRequested(worker="w", start=2, settings="{}", reason="work")
    stop = StopMachine(worker="w", start=1, reason="idle")
    given(REQUESTED, STARTED, STOPPED, second).when(fail(), end(), stop).then_nothing()


@examples(st.text(), st.integers(1, 10_000), st.integers(1, 100))
def test_a_quarantine_grows_and_has_an_end(worker: str, number: int, failures: int) -> None:
    """Doubled by each failure up to an hour, less up to a quarter; the same for the same start."""
    length = quarantine(worker, number, failures, FIRST)
    ceiling = min(FIRST.total_seconds() * 2.0 ** (failures - 1), LONGEST_QUARANTINE.total_seconds())
    assert 0.75 * ceiling <= length.total_seconds() <= ceiling + 1e-3
    assert length == quarantine(worker, number, failures, FIRST)
