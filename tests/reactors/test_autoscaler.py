"""Workers that are started when there is work for them, and stopped when there is none."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from buildledger.config.stored import read_machine_settings
from buildledger.domain.machine import LONGEST_QUARANTINE, EndMachine, FailMachine, ReportMachineStarted
from buildledger.domain.worker import EnrollWorker, PauseWorker, RevokeWorker
from buildledger.events.build import BuildAssigned
from buildledger.events.machine import (
    MachineIdle,
    MachineQuarantined,
    MachineReleased,
    MachineStartRequested,
    MachineStopped,
    MachineStopRequested,
)
from buildledger.events.worker import PausedBy
from buildledger.testing.configuration import load_text
from tests.reactors.configurations import ELASTIC
from tests.reactors.world import World, world


def started(w: World) -> list[str]:
    """The workers that were asked to start, in order."""
    return [fact.worker for fact in w.facts(MachineStartRequested)]


async def end(w: World, name: str, start: int = 1, reason: str = "exited with 0") -> None:
    """The driver has seen that it is gone."""
    quarantine = timedelta(seconds=30)
    await w.do(EndMachine(worker=name, start=start, reason=reason, at=w.clock.now(), first_quarantine=quarantine))


async def fail(w: World, name: str, start: int = 1) -> None:
    """The driver can't start it, and has cleared it away."""
    first = timedelta(seconds=30)
    await w.do(FailMachine(worker=name, start=start, reason="no image", at=w.clock.now(), first_quarantine=first))
    await end(w, name, start)


async def test_a_worker_is_started_for_what_finds_no_room(tmp_path: Path) -> None:
    """Not while a connected one has room; when it says hello it is given the build."""
    async with world(tmp_path, ELASTIC) as w:
        await w.force()
        assert started(w) == []
        await w.force()
        assert started(w) == ["cloud-1"]
        (requested,) = w.facts(MachineStartRequested)
        assert (requested.start, requested.reason) == (1, "a build of tests waits")
        assert read_machine_settings(requested.settings) == w.configuration.workers["cloud-1"].start
        await w.machine_connects("cloud-1")
        assert [fact.worker for fact in w.facts(BuildAssigned)] == ["w1", "cloud-1"]


async def test_no_more_are_started_than_it_takes(tmp_path: Path) -> None:
    """Five builds need three workers of two, however often it is asked, and no worker is started twice."""
    async with world(tmp_path, ELASTIC, workers=()) as w:
        for _ in range(5):
            await w.force()
        assert started(w) == ["cloud-1", "cloud-2", "cloud-3"]
        for _ in range(5):
            await w.force()
        await w.restart()
        assert started(w) == ["cloud-1", "cloud-2", "cloud-3"]


async def test_one_that_has_enrolled_is_still_on_its_way(tmp_path: Path) -> None:
    """Between its enrollment and its first connection nobody else is started in its place."""
    async with world(tmp_path, ELASTIC, workers=()) as w:
        await w.force()
        await w.do(ReportMachineStarted(worker="cloud-1", start=1, place="process 7"))
        await w.do(EnrollWorker(worker="cloud-1", credential_digest="secret"))
        await w.force()
        assert started(w) == ["cloud-1"]


async def test_builds_that_are_served_together_count_as_one(tmp_path: Path) -> None:
    """Requests that one build will answer don't start a worker each."""
    async with world(tmp_path, ELASTIC, workers=()) as w:
        for _ in range(9):
            await w.force("same", collapse_key="main")
        assert started(w) == ["cloud-1"]


@pytest.mark.parametrize("builder", ["flash", "exclusive"])
async def test_nothing_is_started_for_what_waits_for_a_lock(tmp_path: Path, builder: str) -> None:
    """A second worker couldn't have the lock either."""
    async with world(tmp_path, ELASTIC, workers=()) as w:
        for _ in range(6):
            await w.force(builder)
        assert started(w) == [{"flash": "lab", "exclusive": "cloud-1"}[builder]]


async def test_a_worker_that_would_not_fit_is_not_started(tmp_path: Path) -> None:
    """By the labels of the configuration, for it has never been there."""
    async with world(tmp_path, ELASTIC, workers=()) as w:
        await w.force("nowhere")
        assert started(w) == []


async def test_an_idle_worker_is_stopped(tmp_path: Path) -> None:
    """After its idle time, counted anew from each build's end; while it is being stopped it is given nothing."""
    async with world(tmp_path, ELASTIC, workers=()) as w:
        await w.force()
        await w.machine_connects("cloud-1")
        await w.pass_time(3600)
        assert w.facts(MachineStopRequested) == []
        await w.finish_all()
        await w.pass_time(50)
        await w.force()
        await w.finish_all()
        await w.pass_time(59)
        assert len(w.facts(MachineIdle)) == 2
        assert w.facts(MachineStopRequested) == []
        await w.pass_time(2)
        assert w.facts(MachineStopRequested) == [
            MachineStopRequested(worker="cloud-1", start=1, reason="idle for 60 s")
        ]
        await w.force()
        assert len(w.builders()) == 2
        assert started(w) == ["cloud-1", "cloud-2"]


async def test_a_stopped_worker_is_started_again(tmp_path: Path) -> None:
    """It had asked for a pause when it was told to go; that doesn't keep it from being started."""
    async with world(tmp_path, ELASTIC, workers=()) as w:
        await w.force("flash")
        await w.machine_connects("lab")
        await w.finish_all()
        await w.pass_time(100_000)
        assert w.facts(MachineStopRequested) == []
        await w.apply(load_text(ELASTIC.replace("idle_timeout: never", "idle_timeout: 1s")))
        await w.runner.settle()
        assert w.facts(MachineStopRequested)[0].reason == "its configuration was changed"
        await w.do(PauseWorker(worker="lab", by=PausedBy.WORKER, reason="SIGTERM"))
        await w.disconnect("lab")
        await end(w, "lab")
        await w.force("flash")
        assert [fact.start for fact in w.facts(MachineStartRequested)] == [1, 2]


async def test_a_failed_start_goes_to_the_next_and_is_tried_again_later(tmp_path: Path) -> None:
    """Another worker is started at once; the failed one when its quarantine is over."""
    async with world(tmp_path, ELASTIC, workers=()) as w:
        await w.force()
        await fail(w, "cloud-1")
        assert started(w) == ["cloud-1", "cloud-2"]
        await fail(w, "cloud-2")
        await fail(w, "cloud-3")
        assert started(w) == ["cloud-1", "cloud-2", "cloud-3"]
        assert {fact.failures for fact in w.facts(MachineQuarantined)} == {1}
        await w.restart()
        await w.pass_time(31)
        assert len(started(w)) == 4
        assert {fact.reason for fact in w.facts(MachineReleased)} == {"the time is over"}


async def test_another_configuration_ends_a_quarantine(tmp_path: Path) -> None:
    """Who has mended the file needn't wait; a change elsewhere in the file ends nothing."""
    async with world(tmp_path, ELASTIC, workers=()) as w:
        await w.force("flash")
        await fail(w, "lab")
        await w.apply(load_text(ELASTIC.replace("count: 1", "count: 2")))
        await w.runner.settle()
        assert w.facts(MachineReleased) == []
        await w.apply(load_text(ELASTIC.replace("driver: local, idle_timeout: never", "driver: local")))
        await w.runner.settle()
        assert [fact.reason for fact in w.facts(MachineReleased)] == ["its configuration was changed"]
        assert started(w) == ["lab", "lab"]


@pytest.mark.parametrize("restarts", [False, True])
async def test_a_clock_that_was_once_ahead_keeps_no_idle_worker_running(tmp_path: Path, restarts: bool) -> None:
    """Whoever was found idle by it is idle since the clock is right again, and not for 400 days more."""
    async with world(tmp_path, ELASTIC, workers=()) as w:
        await w.force()
        await w.machine_connects("cloud-1")
        right = w.clock.now()
        w.clock.set(right + timedelta(days=400))
        await w.finish_all()
        assert len(w.facts(MachineIdle)) == 1
        w.clock.set(right)
        if restarts:
            await w.restart()
        await w.runner.settle()
        await w.pass_time(59)
        assert w.facts(MachineStopRequested) == []
        await w.pass_time(2)
        assert [fact.reason for fact in w.facts(MachineStopRequested)] == ["idle for 60 s"]


@pytest.mark.parametrize("restarts", [False, True])
async def test_a_clock_that_was_once_ahead_keeps_no_worker_in_quarantine(tmp_path: Path, restarts: bool) -> None:
    """A quarantine lasts no longer than the longest one from when the clock is right again."""
    async with world(tmp_path, ELASTIC, workers=()) as w:
        await w.force("flash")
        right = w.clock.now()
        w.clock.set(right + timedelta(days=400))
        await fail(w, "lab")
        w.clock.set(right)
        if restarts:
            await w.restart()
        await w.runner.settle()
        await w.pass_time(LONGEST_QUARANTINE.total_seconds() + 1)
        assert [fact.reason for fact in w.facts(MachineReleased)] == ["the time is over"]
        assert started(w) == ["lab", "lab"]


async def test_a_clock_that_is_set_ahead_takes_no_busy_worker(tmp_path: Path) -> None:
    """Idle workers may go early then; whoever builds goes on."""
    async with world(tmp_path, ELASTIC, workers=()) as w:
        await w.force()
        await w.machine_connects("cloud-1")
        w.clock.set(w.clock.now() + timedelta(days=400))
        await w.runner.settle()
        assert w.facts(MachineStopRequested) == []
        await w.finish_all()
        await w.pass_time(61)
        assert len(w.facts(MachineStopRequested)) == 1


async def test_a_worker_that_left_the_configuration_is_stopped_when_it_is_done(tmp_path: Path) -> None:
    """What it runs goes on; then it goes, without waiting to be idle for long."""
    async with world(tmp_path, ELASTIC, workers=()) as w:
        await w.force("flash")
        await w.machine_connects("lab")
        without = "".join(line for line in ELASTIC.splitlines(True) if not line.startswith(("  lab", "  flash")))
        await w.apply(load_text(without))
        await w.runner.settle()
        assert w.facts(MachineStopRequested) == []
        await w.finish_all()
        assert [fact.reason for fact in w.facts(MachineStopRequested)] == ["the configuration doesn't have it"]
        await end(w, "lab")
        assert len(w.facts(MachineStopped)) == 1


@pytest.mark.parametrize("command", [PauseWorker(worker="lab", reason="broken"), RevokeWorker(worker="lab")])
async def test_a_worker_that_nobody_wants_is_not_started(tmp_path: Path, command: PauseWorker | RevokeWorker) -> None:
    """A person has paused it, or taken its credential away."""
    async with world(tmp_path, ELASTIC, workers=("lab",)) as w:
        await w.disconnect("lab")
        await w.do(command)
        await w.force("flash")
        assert started(w) == []
