"""Builds at set times."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from buildledger.config.resolved import CronTrigger
from buildledger.events.request import RequestSubmitted
from tests.reactors.configurations import TRIGGERS
from tests.reactors.requested import asked, see
from tests.reactors.world import REPOSITORY, with_config, world

CRON = TRIGGERS + "  - {on: cron, name: nightly, at: '0 3 * * *', zone: Europe/London, build: [tests]}\n"


async def test_set_times_are_those_of_the_zone(tmp_path: Path) -> None:
    """Three in the morning in London is another hour in UTC in summer."""
    async with world(tmp_path, CRON, workers=[]) as w:
        await see(w, main="m")
        await w.pass_time(timedelta(days=2).total_seconds())
        times = [recorded.meta.recorded_at for recorded in w.recorded(RequestSubmitted)]
        assert [(at.day, at.hour) for at in times] == [(1, 3), (2, 3)]
        assert asked(w) == [("tests", "m")] * 2
        await w.pass_time(timedelta(days=180).total_seconds())
        assert w.recorded(RequestSubmitted)[-1].meta.recorded_at.hour == 2


async def test_runs_that_were_missed_are_made_up_for_once(tmp_path: Path) -> None:
    """However long no server was there."""
    async with world(tmp_path, CRON, workers=[]) as w:
        w.clock.advance(timedelta(days=5).total_seconds())
        await w.restart()
        assert len(asked(w)) == 1
        await w.restart()
        assert len(asked(w)) == 1
        await w.pass_time(timedelta(days=1).total_seconds())
        assert len(asked(w)) == 2


async def test_a_configuration_with_the_same_times_takes_no_run_away(tmp_path: Path) -> None:
    """What was due when it was applied is built, and what was built is remembered."""
    text = CRON.replace("build: [tests]", "only_if_changed: true, build: [tests]")
    async with world(tmp_path, text, workers=[]) as w:
        await see(w, main="m")
        w.clock.advance(timedelta(days=1).total_seconds())
        await w.apply(with_config(text.replace("title: Test", "title: Other")))
        await w.runner.settle()
        assert asked(w) == [("tests", "m")]
        await w.apply(with_config(text))
        await w.pass_time(timedelta(days=2).total_seconds())
        assert asked(w) == [("tests", "m")]


async def test_nothing_is_built_again_if_nothing_has_changed(tmp_path: Path) -> None:
    """With `only_if_changed` a night without changes passes, and the next change is built the night after."""
    text = CRON.replace("build: [tests]", "only_if_changed: true, build: [tests]")
    async with world(tmp_path, text, workers=[]) as w:
        day = timedelta(days=1).total_seconds()
        await see(w, main="m")
        await w.pass_time(3 * day)
        assert asked(w) == [("tests", "m")]
        await w.push("n", previous="m")
        await w.pass_time(3 * day)
        assert asked(w) == [("tests", "m"), ("tests", "n")]


REPEATED_HOUR = TRIGGERS + "  - {on: cron, name: nightly, at: '30 2 * * *', zone: Europe/Berlin, build: [tests]}\n"
BEFORE_THE_HOUR_IS_REPEATED = datetime(2026, 10, 24, 12, tzinfo=UTC)


@pytest.mark.parametrize("only_if_changed", [False, True])
@pytest.mark.parametrize("start_minute", [-20, 5, 35, 65, 95, 125])
async def test_a_run_in_the_hour_that_is_repeated(tmp_path: Path, start_minute: int, only_if_changed: bool) -> None:
    """It is made once, and the next one a day later, whenever in these hours the server is started again."""
    text = REPEATED_HOUR.replace("build: [tests]", f"only_if_changed: {only_if_changed}, build: [tests]".lower())
    async with world(tmp_path, text, workers=[]) as w:
        w.clock.advance_to(BEFORE_THE_HOUR_IS_REPEATED)
        await w.restart()
        before = len(asked(w))
        await see(w, main="m")
        midnight = BEFORE_THE_HOUR_IS_REPEATED + timedelta(hours=12)
        await w.pass_time((midnight + timedelta(minutes=start_minute) - w.clock.now()).total_seconds())
        await w.restart()
        await w.pass_time(timedelta(hours=4).total_seconds())
        await w.push("n", previous="m")
        await w.pass_time(timedelta(days=1).total_seconds())
        times = [recorded.meta.recorded_at for recorded in w.recorded(RequestSubmitted)][before:]
        assert times == [midnight + timedelta(minutes=30), midnight + timedelta(days=1, hours=1, minutes=30)]


async def test_a_run_whose_requests_are_there_already_is_over(tmp_path: Path) -> None:
    """A clock that is set back over a run doesn't make it again, and the next day's comes, changed or not."""
    async with world(tmp_path, CRON, workers=[]) as w:
        await see(w, main="m")
        await w.pass_time(timedelta(hours=4).total_seconds())
        assert asked(w) == [("tests", "m")]
        w.clock.set(w.clock.now() - timedelta(hours=2))
        await w.runner.settle()
        await w.pass_time(timedelta(hours=2).total_seconds())
        assert asked(w) == [("tests", "m")]
        w.clock.set(w.clock.now() - timedelta(hours=2))
        await w.push("n", previous="m")
        await w.pass_time(timedelta(hours=2).total_seconds())
        assert asked(w) == [("tests", "m")]
        await w.pass_time(timedelta(days=1).total_seconds())
        assert asked(w) == [("tests", "m"), ("tests", "n")]
        assert w.runner.health.held_back == ()


@pytest.mark.parametrize("restarts", [False, True])
async def test_a_clock_that_was_once_ahead_silences_no_set_time(tmp_path: Path, restarts: bool) -> None:
    """It makes up for one run when it is ahead; when it is right again, the next night's run comes."""
    async with world(tmp_path, CRON, workers=[]) as w:
        await see(w, main="m")
        right = w.clock.now()
        w.clock.set(right + timedelta(days=400))
        await w.runner.settle()
        assert len(asked(w)) == 1
        w.clock.set(right)
        if restarts:
            await w.restart()
        await w.runner.settle()
        await w.pass_time(timedelta(days=1).total_seconds())
        assert len(asked(w)) == 2


async def test_a_source_that_nobody_reads_counts_as_changed(tmp_path: Path) -> None:
    """With `only_if_changed` and an unknown revision, each run is made: nobody can say that nothing has changed."""
    text = CRON.replace("build: [tests]", "only_if_changed: true, build: [tests]")
    async with world(tmp_path, text, workers=[]) as w:
        await w.pass_time(timedelta(days=3).total_seconds())
        assert asked(w) == [("tests", None)] * 3


@pytest.mark.parametrize("restarts", [False, True])
async def test_a_source_that_is_polled_no_longer(tmp_path: Path, restarts: bool) -> None:
    """Nobody knows where its branches are, so what a build begins with is what it finds; what is handed in is known."""
    text = CRON.replace("build: [tests]", "only_if_changed: true, build: [tests]")
    day = timedelta(days=1).total_seconds()
    async with world(tmp_path, text, workers=[]) as w:
        await see(w, main="m")
        await w.pass_time(2 * day)
        assert asked(w) == [("tests", "m")]
        await w.apply(with_config(text.replace(f'git: "{REPOSITORY}"', f'git: "{REPOSITORY}", poll: never')))
        if restarts:
            await w.runner.save()
            await w.restart()
        await w.runner.settle()
        await w.pass_time(2 * day)
        assert asked(w) == [("tests", "m"), ("tests", None), ("tests", None)]
        await w.push("n", previous="m")
        await w.pass_time(2 * day)
        assert asked(w)[3:] == [("tests", "n")]


async def test_a_trigger_that_fails_stops_alone(tmp_path: Path) -> None:
    """The others request what they have to, health says which has stopped and why, the next configuration mends it."""
    text = CRON + "  - {on: cron, name: other, at: '30 3 * * *', build: [tests]}\n"
    async with world(tmp_path, text, workers=[]) as w:
        await see(w, main="m")
        triggers = w.configuration.triggers
        nightly = triggers["nightly"]
        assert isinstance(nightly, CronTrigger)
        lost_zone = msgspec.structs.replace(nightly, zone="Nowhere/Lost")
        await w.apply(msgspec.structs.replace(w.configuration, triggers={**triggers, "nightly": lost_zone}))
        await w.runner.settle()
        await w.pass_time(timedelta(days=1).total_seconds())
        assert [fact.trigger for fact in w.facts(RequestSubmitted)] == ["other"]
        assert w.runner.health.failure is None
        assert list(w.runner.health.triggers) == ["nightly"]
        assert "Nowhere/Lost" in w.runner.health.triggers["nightly"]
        await w.apply(with_config(text))
        await w.runner.settle()
        await w.pass_time(timedelta(days=1).total_seconds())
        assert w.runner.health.triggers == {}
        assert [fact.trigger for fact in w.facts(RequestSubmitted)] == ["other", "nightly", "other"]
