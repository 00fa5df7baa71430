"""Builds are asked for after changes, at set times and after successes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from buildledger.config.resolved import CronTrigger
from buildledger.domain.source import MoveBranch, ReportDefaultBranch
from buildledger.events.build import StepFinished
from buildledger.events.change import BranchMoved
from buildledger.events.ids import change_id
from buildledger.events.operation import Ended
from buildledger.events.request import RequestSubmitted, SourceStamp
from buildledger.events.results import Result
from tests.reactors.configurations import SETTLING, TRIGGERS
from tests.reactors.world import FAILED, REPOSITORY, World, with_config, world

ON_CHANGE = (
    TRIGGERS + "  - {on: change, name: push, source: widget, branches: [main, release/*], build: [tests, docs]}\n"
)
CRON = TRIGGERS + "  - {on: cron, name: nightly, at: '0 3 * * *', zone: Europe/London, build: [tests]}\n"
SUCCESS = TRIGGERS + "  - {on: success, name: next, of: tests, if: build.branch == 'main', build: [package]}\n"
BOTH = TRIGGERS + "  - {on: success, name: next, of: [tests, docs], build: [package]}\n"


def asked(w: World) -> list[tuple[str, str | None]]:
    """Builders and revisions of all requests."""
    return [(fact.builder, fact.stamps[0].revision) for fact in w.facts(RequestSubmitted)]


def _stamp(revision: str) -> SourceStamp:
    return SourceStamp(source="widget", repository=REPOSITORY, branch="main", revision=revision)


def _checked_out(revision: str) -> Ended:
    """What git says when all went well, whatever it was asked."""
    return Ended(reason="exited", exit_code=0, text=revision + "\n")


async def see(w: World, source: str = "widget", **heads: str) -> None:
    """The first sight of a source."""
    moves = (BranchMoved(source=source, branch=name, revision=at, initial=True) for name, at in heads.items())
    await w.do(*(MoveBranch(source=source, move=move) for move in moves))


async def test_a_change_is_built_by_the_builders_that_want_it(tmp_path: Path) -> None:
    """The condition sees the paths; the request names the change, its trigger and its reason."""
    async with world(tmp_path, ON_CHANGE, workers=[]) as w:
        await w.push("a", "src/widget.c")
        await w.push("b", "docs/index.md", "src/widget.c")
        assert asked(w) == [("tests", "a"), ("tests", "b"), ("docs", "b")]
        request = w.facts(RequestSubmitted)[0]
        assert (request.trigger, request.reason) == ("push", "change on main")
        assert request.changes == (change_id("widget", "a"),)


@pytest.mark.parametrize("cut", [{"file_count": 501}, {"change_count": 2}])
async def test_what_may_be_missing_from_the_paths_is_built(tmp_path: Path, cut: dict[str, Any]) -> None:
    """A commit with more files than are stored, and a push with more commits, might have what a condition asks for."""
    async with world(tmp_path, ON_CHANGE, workers=[]) as w:
        await w.push("a", "src/widget.c", **cut)
        assert asked(w) == [("tests", "a"), ("docs", "a")]


async def test_a_step_whose_paths_may_be_missing_runs(tmp_path: Path) -> None:
    """What holds for a builder's condition holds for a step's."""
    condition = "change.files.exists(f, f.startsWith('docs/'))"
    text = ON_CHANGE.replace(
        'steps: [{checkout: widget}, {run: ["true"]}]',
        f'steps: [{{run: ["true"], when: "{condition}"}}, {{checkout: widget}}]',
    )
    async with world(tmp_path, text) as w:
        await w.push("a", "src/widget.c")
        await w.push("b", "src/widget.c", file_count=501)
        await w.finish_all(_checked_out("a" * 40))
        first_steps = [fact.result for fact in w.facts(StepFinished) if fact.step == 0]
        assert first_steps[:2] == [Result.SKIPPED, Result.SUCCESS]


async def test_priorities_come_from_the_builder(tmp_path: Path) -> None:
    """An expression may look at the change."""
    async with world(tmp_path, ON_CHANGE, workers=[]) as w:
        await w.push("a", "docs/index.md")
        await w.push("b", "docs/index.md", branch="release/1")
        assert [fact.priority for fact in w.facts(RequestSubmitted) if fact.builder == "docs"] == [5, 1]


async def test_other_sources_are_built_from_their_heads(tmp_path: Path) -> None:
    """A builder with two sources gets the head of the one that didn't change."""
    async with world(tmp_path, ON_CHANGE, workers=[]) as w:
        await see(w, "proto", trunk="p")
        await w.push("a", "docs/index.md")
        stamps = w.facts(RequestSubmitted)[-1].stamps
        assert [(stamp.source, stamp.branch, stamp.revision) for stamp in stamps] == [
            ("widget", "main", "a"),
            ("proto", "trunk", "p"),
        ]


async def test_branches_that_no_trigger_names_are_not_built(tmp_path: Path) -> None:
    """Patterns choose; a branch that is deleted isn't built either."""
    async with world(tmp_path, ON_CHANGE, workers=[]) as w:
        await w.push("a", branch="topic")
        await w.push("b", branch="release/1")
        gone = BranchMoved(source="widget", branch="release/1", previous="b", revision=None)
        await w.do(MoveBranch(source="widget", move=gone))
        assert asked(w) == [("tests", "b")]


async def test_a_new_source_is_built_once_at_its_tips(tmp_path: Path) -> None:
    """Every branch that the trigger names is built, its history is not; nobody asks which paths changed."""
    async with world(tmp_path, ON_CHANGE, workers=[]) as w:
        await see(w, main="m", topic="t", **{"release/1": "r"})
        assert asked(w) == [("tests", "m"), ("docs", "m"), ("tests", "r"), ("docs", "r")]
        assert w.facts(RequestSubmitted)[0].reason == "first sight of main"


async def test_a_trigger_for_every_branch_builds_the_default_branch_of_a_new_source(tmp_path: Path) -> None:
    """A repository with hundreds of branches doesn't flood the queue at its first sight."""
    async with world(tmp_path, SETTLING, workers=[]) as w:
        await see(w, main="m", topic="t")
        await w.pass_time(91)
        assert asked(w) == [("tests", "m")]
        await w.push("u", branch="topic")
        await w.pass_time(91)
        assert asked(w)[1:] == [("tests", "u")]


async def test_the_default_branch_is_the_sources_own_and_not_guessed(tmp_path: Path) -> None:
    """What the repository's HEAD says counts, not a likely name."""
    async with world(tmp_path, SETTLING.replace(", default_branch: main", ""), workers=[]) as w:
        await w.do(ReportDefaultBranch(source="widget", branch="zeta"))
        await see(w, main="m", zeta="z")
        await w.pass_time(91)
        assert asked(w) == [("tests", "z")]


async def test_a_branch_is_built_when_it_has_been_quiet(tmp_path: Path) -> None:
    """Changes during the settle time go into one request, and each starts the time again."""
    async with world(tmp_path, SETTLING, workers=[]) as w:
        await w.push("a")
        await w.pass_time(60)
        await w.push("b")
        await w.pass_time(60)
        assert asked(w) == []
        await w.pass_time(31)
        assert asked(w) == [("tests", "b")]
        assert w.facts(RequestSubmitted)[0].changes == (change_id("widget", "a"), change_id("widget", "b"))


async def test_the_settle_time_goes_on_over_a_restart(tmp_path: Path) -> None:
    """It counts from the change, not from the start of the server."""
    async with world(tmp_path, SETTLING, workers=[]) as w:
        await w.push("a")
        await w.pass_time(60)
        await w.restart()
        await w.pass_time(31)
        assert asked(w) == [("tests", "a")]
        await w.restart()
        await w.pass_time(1000)
        assert len(asked(w)) == 1


async def test_a_branch_that_is_deleted_while_it_settles_is_not_built(tmp_path: Path) -> None:
    """There is nothing left to check out."""
    async with world(tmp_path, SETTLING, workers=[]) as w:
        await w.push("a", branch="topic")
        gone = BranchMoved(source="widget", branch="topic", previous="a", revision=None)
        await w.do(MoveBranch(source="widget", move=gone))
        await w.pass_time(100)
        assert asked(w) == []


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


async def test_a_success_is_followed_by_the_next_builder(tmp_path: Path) -> None:
    """For the revision that was really built, with the same changes, and naming the build before."""
    async with world(tmp_path, SUCCESS) as w:
        await w.push("a")
        await w.force("tests", changes=(change_id("widget", "a"),))
        await w.finish_all(_checked_out("a" * 40))
        request = w.facts(RequestSubmitted)[-1]
        assert (request.builder, request.reason) == ("package", "after tests")
        assert request.stamps[0].revision == "a" * 40
        assert request.changes == (change_id("widget", "a"),)
        assert request.parent_build is not None
        assert w.results() == [Result.SUCCESS, Result.SUCCESS]


async def test_nothing_follows_a_failure_or_a_condition_that_does_not_hold(tmp_path: Path) -> None:
    """Neither a failed build nor one on another branch is followed."""
    async with world(tmp_path, SUCCESS) as w:
        await w.force("tests")
        await w.finish_all(FAILED)
        await w.apply(with_config(SUCCESS.replace("== 'main'", "== 'release'")))
        await w.force("tests")
        await w.finish_all(_checked_out("a" * 40))
        assert w.results() == [Result.EXCEPTION, Result.SUCCESS]
        assert len(w.facts(RequestSubmitted)) == 2


async def test_all_builders_have_to_succeed_for_the_same_stamps(tmp_path: Path) -> None:
    """The last of them starts what follows, once; another revision counts apart, also over a restart."""
    async with world(tmp_path, BOTH.replace("{checkout: proto, into: proto}", "{run: [make]}")) as w:
        await w.force("tests", stamps=(_stamp("a" * 40),))
        await w.finish_all(_checked_out("a" * 40))
        await w.force("docs", stamps=(_stamp("b" * 40),))
        await w.finish_all(_checked_out("b" * 40))
        assert "package" not in w.builders()
        await w.restart()
        await w.force("docs", stamps=(_stamp("a" * 40),))
        await w.finish_all(_checked_out("a" * 40))
        assert w.builders() == ["tests", "docs", "docs", "package"]


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


@pytest.mark.parametrize("restarts", [False, True])
async def test_a_clock_that_was_once_ahead_lets_a_branch_settle(tmp_path: Path, restarts: bool) -> None:
    """The settle time begins anew when the clock is right again, and isn't 400 days."""
    async with world(tmp_path, SETTLING, workers=[]) as w:
        right = w.clock.now()
        w.clock.set(right + timedelta(days=400))
        await w.push("a")
        w.clock.set(right)
        if restarts:
            await w.restart()
        await w.runner.settle()
        await w.pass_time(60)
        assert asked(w) == []
        await w.pass_time(31)
        assert asked(w) == [("tests", "a")]


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
