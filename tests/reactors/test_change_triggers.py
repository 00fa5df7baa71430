"""Builds after changes."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from buildledger.domain.source import MoveBranch, ReportDefaultBranch
from buildledger.events.build import StepFinished
from buildledger.events.change import BranchMoved
from buildledger.events.ids import change_id
from buildledger.events.request import RequestSubmitted
from buildledger.events.results import Result
from tests.reactors.configurations import SETTLING, TRIGGERS
from tests.reactors.requested import asked, checked_out, see
from tests.reactors.world import world

ON_CHANGE = (
    TRIGGERS + "  - {on: change, name: push, source: widget, branches: [main, release/*], build: [tests, docs]}\n"
)


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
        await w.finish_all(checked_out("a" * 40))
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
