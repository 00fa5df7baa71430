"""A build that takes longer than its builder allows is stopped, and fails."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from buildledger.domain.build import StopBuild, TimeOutBuild
from buildledger.events.build import BuildAssigned, BuildFinished, BuildStopRequested, StepFinished, StopCause
from buildledger.events.ids import BuildId
from buildledger.events.operation import Ended
from buildledger.events.request import RequestFinished
from buildledger.events.results import Result
from buildledger.reactors.builds.timeouts import ALWAYS_RUN_SECONDS
from tests.reactors.world import SIMPLE, World, world

TIMED = SIMPLE.replace(
    """      - run: ["true"]
""",
    """      - {name: make, run: [make]}
      - {name: test, run: [test]}
      - {name: clean, run: [clean], always_run: true}
    timeout: 1h
""",
)
HOUR = 3600.0
STOPPED = Ended(reason="cancel")
LOST = Ended(reason="lost")
REASON = "stopped after 1h: the builder's timeout"


def build_of(w: World) -> BuildId:
    return BuildId(w.recorded(BuildAssigned)[-1].stream_id)


def stops(w: World) -> list[StopCause]:
    return [fact.cause for fact in w.facts(BuildStopRequested)]


async def test_a_build_that_takes_too_long_is_stopped_and_fails(tmp_path: Path) -> None:
    """What always runs is run, nothing else is, and build, step and request say why."""
    async with world(tmp_path, TIMED) as w:
        await w.force()
        await w.pass_time(HOUR - 1)
        assert stops(w) == []
        await w.pass_time(1)
        assert stops(w) == [StopCause.TIMEOUT]
        await w.finish(STOPPED)
        await w.finish()
        assert [(fact.step, fact.result, fact.summary) for fact in w.facts(StepFinished)] == [
            (0, Result.CANCELLED, REASON),
            (1, Result.SKIPPED, "not run: the build was being stopped"),
            (2, Result.SUCCESS, ""),
        ]
        assert [(fact.result, fact.summary) for fact in w.facts(BuildFinished)] == [(Result.FAILURE, REASON)]
        assert [fact.result for fact in w.facts(RequestFinished)] == [Result.FAILURE]


async def test_waiting_is_not_counted(tmp_path: Path) -> None:
    """The time begins with the build, however long its request has waited for a worker."""
    async with world(tmp_path, TIMED, workers=()) as w:
        await w.force()
        await w.pass_time(2 * HOUR)
        await w.connect("w1")
        await w.pass_time(HOUR - 1)
        assert stops(w) == []
        await w.finish_all()
        await w.pass_time(HOUR)
        assert (w.results(), stops(w)) == ([Result.SUCCESS], [])


async def test_the_timeout_is_that_of_the_build_s_own_configuration(tmp_path: Path) -> None:
    """A configuration that is applied meanwhile changes nothing for a build that runs."""
    async with world(tmp_path, TIMED) as w:
        await w.force()
        await w.apply(World(tmp_path / "other", SIMPLE).configuration)
        await w.runner.settle()
        await w.pass_time(HOUR)
        assert stops(w) == [StopCause.TIMEOUT]


@pytest.mark.parametrize("passed", [HOUR / 2, HOUR + 1], ids=["before", "after"])
async def test_it_survives_a_restart(tmp_path: Path, passed: float) -> None:
    """Whether the time is over while no server runs or later, the build is stopped once."""
    async with world(tmp_path, TIMED) as w:
        await w.force()
        w.clock.advance(passed)
        await w.restart()
        await w.pass_time(HOUR - passed)
        assert stops(w) == [StopCause.TIMEOUT]


async def test_what_always_runs_is_bounded_too(tmp_path: Path) -> None:
    """After ten more minutes it is stopped as well, through a restart between; later steps aren't begun."""
    two = TIMED.replace("    timeout", "      - {name: report, run: [report], always_run: true}\n    timeout")
    async with world(tmp_path, two) as w:
        await w.force()
        await w.pass_time(HOUR + 60)
        await w.finish(STOPPED)
        await w.restart()
        await w.pass_time(ALWAYS_RUN_SECONDS - 61)
        assert len(stops(w)) == 1
        await w.pass_time(1)
        assert stops(w) == [StopCause.TIMEOUT] * 2
        await w.finish_all(STOPPED)
        assert [step for step, _ in w.step_results()] == [0, 1, 2]
        (ended,) = w.facts(BuildFinished)
        assert (ended.result, ended.summary) == (
            Result.FAILURE,
            f"{REASON}; what always runs wasn't done 10m later",
        )


async def test_somebody_s_stop_stays_a_stop(tmp_path: Path) -> None:
    """Who stops a build before its time is over has it cancelled; the timeout only bounds what always runs."""
    async with world(tmp_path, TIMED) as w:
        await w.force()
        await w.do(StopBuild(build_id=build_of(w), reason="not wanted"))
        await w.finish(STOPPED)
        await w.pass_time(HOUR + ALWAYS_RUN_SECONDS)
        assert stops(w) == [StopCause.REQUEST, StopCause.TIMEOUT]
        await w.finish_all(STOPPED)
        assert w.results() == [Result.CANCELLED]


async def test_a_worker_that_is_lost_meanwhile_brings_no_further_attempt(tmp_path: Path) -> None:
    """The build has had its time."""
    async with world(tmp_path, TIMED) as w:
        await w.force()
        await w.pass_time(HOUR)
        await w.finish(LOST)
        assert [(fact.result, fact.summary) for fact in w.facts(BuildFinished)] == [(Result.FAILURE, REASON)]


async def test_two_leaders_stop_a_build_once(tmp_path: Path) -> None:
    """A server that leads no more, and says late what another has said, doesn't end what always runs."""
    async with world(tmp_path, TIMED) as w:
        await w.force()
        await w.pass_time(HOUR)
        await w.finish(STOPPED)
        await w.do(TimeOutBuild(build_id=build_of(w), reason=REASON))
        assert len(stops(w)) == 1
        for _ in range(2):
            await w.do(TimeOutBuild(build_id=build_of(w), reason=REASON, for_good=True))
        assert len(stops(w)) == 2
        await w.finish_all(STOPPED)
        await w.do(TimeOutBuild(build_id=build_of(w), reason=REASON))
        assert (w.results(), len(stops(w))) == ([Result.FAILURE], 2)


async def test_a_clock_that_was_ahead_gives_the_build_its_whole_time(tmp_path: Path) -> None:
    """What was recorded under a wrong time counts from the moment at which the clock was set."""
    async with world(tmp_path, TIMED) as w:
        await w.force()
        w.clock.set(w.clock.now() - timedelta(hours=10))
        await w.runner.settle()
        await w.pass_time(HOUR - 1)
        assert stops(w) == []
        await w.pass_time(1)
        assert stops(w) == [StopCause.TIMEOUT]
