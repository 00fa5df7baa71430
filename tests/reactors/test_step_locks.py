"""Locks of steps: taken all at once just before the step starts, given back at its end, whatever that is."""

from __future__ import annotations

from pathlib import Path

import pytest

from buildledger.domain.build import FinishOperation, StopBuild
from buildledger.events.build import (
    BuildAssigned,
    BuildFinished,
    OperationRequested,
    StepFinished,
    StepLocksRequested,
    StepLocksTaken,
    StepStarted,
)
from buildledger.events.ids import BuildId
from buildledger.events.operation import Ended
from buildledger.events.results import Result
from tests.reactors.world import FAILED, PASSED, World, with_config, world

TEXT = """
version: 1
sources: {widget: {git: "https://git.example/widget.git"}}
workers: {w1: {capacity: 8}, w2: {capacity: 8}}
locks: {db: {count: 1}, board: {count: 1}, license: {count: 3}}
builders:
  tests: {collapse: never, steps: [{run: [make]}, {run: [./migrate], locks: [db]}, {run: [make, docs]}]}
  first: {collapse: never, steps: [{run: [./migrate], locks: db}]}
  whole: {collapse: never, locks: [db], steps: [{run: [make]}]}
  both: {collapse: never, steps: [{run: [make], locks: [db, board]}]}
  flash: {collapse: never, locks: [board], steps: [{run: [make]}]}
  licensed: {collapse: never, locks: [license], steps: [{run: [make], locks: [db]}]}
  audit: {collapse: never, steps: [{run: [make], locks: [{lock: license, take: all}]}]}
  use: {collapse: never, steps: [{run: [make], locks: [license]}]}
  kept:
    collapse: never
    steps:
      - run: [make]
      - {run: [./migrate], locks: [db]}
      - {run: [./clean], locks: [db], always_run: true}
  asked:
    collapse: never
    steps: [{run: [make], when: "build.number > 5", locks: [db]}, {run: [make]}]
"""


def running(w: World) -> list[str]:
    """The builders whose builds have an operation under way, in the order in which it was asked for."""
    of = {each.stream_id: each.fact.builder for each in w.recorded(BuildAssigned)}  # type: ignore[attr-defined]
    return [of[each.stream_id] for each in w.open_operations()]


async def end(w: World, builder: str, ended: Ended = PASSED) -> None:
    """The first operation under way of a builder's builds ends."""
    of = {each.stream_id: each.fact.builder for each in w.recorded(BuildAssigned)}  # type: ignore[attr-defined]
    await w.report(next(each for each in w.open_operations() if of[each.stream_id] == builder), ended)
    await w.runner.settle()


def build_of(w: World, builder: str) -> BuildId:
    """A builder's newest build."""
    return BuildId([each.stream_id for each in w.recorded(BuildAssigned) if each.fact.builder == builder][-1])  # type: ignore[attr-defined]


async def test_two_steps_exclude_each_other_and_nothing_else_of_their_builds(tmp_path: Path) -> None:
    """The second build does its first step meanwhile, and its locked one when the first build's has ended."""
    async with world(tmp_path, TEXT) as w:
        await w.force("tests")
        await end(w, "tests")
        await w.force("tests")
        first, second = w.recorded(BuildAssigned)
        await w.report(w.open_operations()[1], PASSED)
        await w.runner.settle()
        assert [each.stream_id for each in w.open_operations()] == [first.stream_id]
        assert [fact.locks for fact in w.facts(StepLocksRequested)] == [{"db": 1}] * 2
        await w.report(w.open_operations()[0], PASSED)
        await w.runner.settle()
        assert {each.stream_id for each in w.open_operations()} == {first.stream_id, second.stream_id}
        await w.finish_all()
        assert w.results() == [Result.SUCCESS] * 2
        assert len(w.facts(StepLocksTaken)) == 2


@pytest.mark.parametrize("ended", [PASSED, FAILED, Ended(reason="lost"), Ended(reason="no_output")])
async def test_a_lock_comes_back_whatever_the_end_of_the_step(tmp_path: Path, ended: Ended) -> None:
    """Success, failure, a time limit, or the loss of the worker."""
    async with world(tmp_path, TEXT) as w:
        await w.force("first")
        await w.force("whole")
        assert running(w) == ["first"]
        await end(w, "first", ended)
        assert "whole" in running(w)


async def test_a_builder_holds_its_lock_against_steps_and_takes_turns_with_them(tmp_path: Path) -> None:
    """A build that is asked for while steps wait comes after them, and before steps that come later."""
    async with world(tmp_path, TEXT) as w:
        for builder in ("first", "first", "whole", "first", "whole"):
            await w.force(builder)
        served = running(w)
        while w.open_operations():
            await w.finish()
            served += running(w)
        assert served == ["first", "first", "whole", "first", "whole"]


async def test_a_step_takes_all_its_locks_or_none(tmp_path: Path) -> None:
    """While one of them is away the other isn't held, though it is reserved for the step."""
    async with world(tmp_path, TEXT) as w:
        await w.force("flash")
        await w.force("both")
        await w.force("first")
        assert running(w) == ["flash"]
        await end(w, "flash")
        assert running(w) == ["both"]
        await end(w, "both")
        assert running(w) == ["first"]


async def test_a_step_that_is_left_out_takes_no_lock(tmp_path: Path) -> None:
    """Its `when` is asked before."""
    async with world(tmp_path, TEXT) as w:
        await w.force("asked")
        assert running(w) == ["asked"]
        assert w.facts(StepLocksRequested) == []


async def test_a_build_whose_step_waits_stops_at_once(tmp_path: Path) -> None:
    """And what it had reserved is anybody's; a step that always runs waits for its locks all the same."""
    async with world(tmp_path, TEXT) as w:
        await w.force("first")
        await w.force("kept")
        await end(w, "kept")
        assert running(w) == ["first"]
        await w.do(StopBuild(build_id=build_of(w, "kept"), reason="enough"))
        ended = [(fact.step, fact.result) for fact in w.facts(StepFinished)]
        assert ended == [(0, Result.SUCCESS), (1, Result.CANCELLED)]
        assert w.facts(BuildFinished) == [], "what always runs waits"
        await w.do(StopBuild(build_id=build_of(w, "kept"), reason="really"))
        assert w.results() == [Result.CANCELLED]
        await w.finish_all()
        assert w.results() == [Result.CANCELLED, Result.SUCCESS]


async def test_what_always_runs_gets_its_lock_after_a_stop(tmp_path: Path) -> None:
    """The stop ends the step that waits, not the one that cleans up."""
    async with world(tmp_path, TEXT) as w:
        await w.force("first")
        await w.force("kept")
        await end(w, "kept")
        await w.do(StopBuild(build_id=build_of(w, "kept"), reason="enough"))
        await end(w, "first")
        assert running(w) == ["kept"]
        await w.finish_all()
        assert w.results() == [Result.SUCCESS, Result.CANCELLED]


async def test_a_build_whose_worker_is_lost_waits_no_more(tmp_path: Path) -> None:
    """It is tried again, and others have the lock."""
    async with world(tmp_path, TEXT, workers=["w1", "w2"]) as w:
        await w.force("first")
        await w.force("first")
        waiting = next(f for f in w.facts(BuildAssigned)[1:])
        await w.disconnect(waiting.worker)
        await w.pass_time(120)
        assert [fact.result for fact in w.facts(BuildFinished)][:1] == [Result.RETRY]
        await w.finish_all()
        assert w.results().count(Result.SUCCESS) == 2


async def test_after_a_restart_steps_hold_and_wait_as_before(tmp_path: Path) -> None:
    """All of it is in the facts: who holds, who waits, and since when."""
    async with world(tmp_path, TEXT) as w:
        await w.force("first")
        await w.force("first")
        await w.force("whole")
        before = running(w)
        await w.restart()
        assert running(w) == before == ["first"]
        await w.report(w.open_operations()[0], PASSED)
        await w.restart()
        assert running(w) == ["first"]
        await w.finish_all()
        assert w.results() == [Result.SUCCESS] * 3


async def test_a_lock_that_the_configuration_lost_or_made_smaller_keeps_nobody_for_ever(tmp_path: Path) -> None:
    """Builds of the former configuration share what there was; of a smaller lock `all` is what is left of it."""
    async with world(tmp_path, TEXT) as w:
        for builder in ("first", "first", "use", "audit"):
            await w.force(builder)
        before, _, _ = TEXT.partition("locks:")
        smaller = before + "locks: {license: {count: 1}}\nbuilders: {other: {steps: [{run: [make]}]}}"
        await w.apply(with_config(smaller))
        await w.runner.settle()
        assert running(w) == ["first", "use"]
        await end(w, "first")
        await end(w, "use")
        assert sorted(running(w)) == ["audit", "first"]


async def test_a_step_is_not_kept_by_a_build_that_waits_for_its_own(tmp_path: Path) -> None:
    """Who wants both locks waits for the build that holds one of them, whose step gets the other first."""
    text = """
version: 1
sources: {widget: {git: "https://git.example/widget.git"}}
workers: {w1: {capacity: 8}}
locks: {x: {}, y: {}}
builders:
  holds: {collapse: never, locks: [x], steps: [{run: [make]}, {run: [make], locks: [y]}]}
  wants: {collapse: never, locks: [x, y], steps: [{run: [make]}]}
  steps: {collapse: never, steps: [{run: [make], locks: [x, y]}]}
"""
    async with world(tmp_path, text) as w:
        await w.force("holds")
        await w.force("wants")
        await w.force("steps")
        await end(w, "holds")
        assert running(w) == ["holds"]
        assert w.facts(StepLocksTaken)
        await w.finish_all()
        assert w.results() == [Result.SUCCESS] * 3


async def test_a_queue_without_room_keeps_no_step(tmp_path: Path) -> None:
    """It waits for the very slot that the step's build has."""
    text = TEXT.replace("w1: {capacity: 8}, w2: {capacity: 8}", "w1: {capacity: 2}")
    async with world(tmp_path, text) as w:
        await w.force("first")
        await w.force("whole")
        await w.force("tests")
        await end(w, "tests")
        assert running(w) == ["first"], "whole's turn is first, and tests has the other slot"
        await w.do(
            FinishOperation(
                build_id=build_of(w, "first"),
                operation_id=w.facts(OperationRequested)[0].operation_id,
                fence=w.facts(BuildAssigned)[0].fence,
                ended=PASSED,
            )
        )
        await w.finish_all()
        assert w.results() == [Result.SUCCESS] * 3


async def test_a_waiting_step_asks_nothing_of_its_worker(tmp_path: Path) -> None:
    """So that none of its time limits runs: its first operation comes after its locks."""
    async with world(tmp_path, TEXT) as w:
        await w.force("first")
        await w.force("first")
        assert len(w.facts(StepStarted)) == 2
        assert len(w.facts(OperationRequested)) == 1
        await w.pass_time(3600)
        assert len(w.facts(OperationRequested)) == 1
