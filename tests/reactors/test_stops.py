"""A stop holds from the moment at which it is recorded, whatever the reactors have decided meanwhile."""

from __future__ import annotations

from pathlib import Path

import pytest

from buildledger.domain.build import StopBuild
from buildledger.events.build import BuildAssigned, BuildStopRequested, OperationRequested
from buildledger.events.ids import BuildId
from buildledger.events.operation import Ended
from buildledger.events.results import Result
from tests.reactors.unreliable import UnreliableLedger
from tests.reactors.world import SIMPLE, World

FOUR_STEPS = SIMPLE.replace(
    """      - run: ["true"]
""",
    """      - {name: fetch, run: [fetch]}
      - {name: make, run: [make]}
      - {name: clean, run: [clean], always_run: true}
      - {name: report, run: [report], always_run: true}
""",
)
ALWAYS_RUN = (2, 3)
CANCELLED = Ended(reason="cancel")


async def begin(path: Path) -> World:
    w = World(path, FOUR_STEPS, UnreliableLedger)
    await w.begin()
    await w.connect("w1")
    await w.force()
    return w


def stop_of(w: World) -> StopBuild:
    return StopBuild(build_id=BuildId(w.recorded(BuildAssigned)[-1].stream_id), reason="not wanted")


def steps_asked_for_since_stop(w: World) -> list[int]:
    stop = w.recorded(BuildStopRequested)[0].position
    return [
        recorded.fact.step
        for recorded in w.recorded(OperationRequested)
        if isinstance(recorded.fact, OperationRequested) and recorded.position > stop
    ]


@pytest.mark.parametrize("commit", range(4))
async def test_a_stop_that_overtakes_the_reactors_still_holds(tmp_path: Path, commit: int) -> None:
    """Stopped between the decision to ask for an operation and its commit, a build asks for what always runs only."""
    w = await begin(tmp_path)
    assert isinstance(w.ledger, UnreliableLedger)
    ledger, commits_left = w.ledger, commit

    async def stop() -> None:
        nonlocal commits_left
        if commits_left == 0:
            ledger.meanwhile = None
            await w.command(stop_of(w))
        commits_left -= 1

    ledger.meanwhile = stop
    try:
        await w.finish_all()
        assert set(steps_asked_for_since_stop(w)) <= set(ALWAYS_RUN)
        ends_the_build = commit == 3
        assert w.results() == [Result.SUCCESS if ends_the_build else Result.CANCELLED]
    finally:
        w.close()


async def test_another_stop_while_the_first_is_at_work_changes_nothing(tmp_path: Path) -> None:
    """A click too many doesn't cost a build the steps that clean up after it."""
    w = await begin(tmp_path)
    try:
        await w.do(stop_of(w))
        await w.do(stop_of(w))
        await w.finish_all()
        assert steps_asked_for_since_stop(w) == list(ALWAYS_RUN)
        assert w.step_results()[-1] == (3, Result.SUCCESS)
    finally:
        w.close()


async def test_a_stop_of_a_step_that_always_runs_ends_the_build(tmp_path: Path) -> None:
    """Asked while such a step runs after the first stop, it ends this step, and no other is begun."""
    w = await begin(tmp_path)
    try:
        await w.do(stop_of(w))
        await w.finish(CANCELLED)
        await w.do(stop_of(w))
        await w.do(stop_of(w))
        assert len(w.facts(BuildStopRequested)) == 2
        await w.finish_all(CANCELLED)
        assert steps_asked_for_since_stop(w) == [2]
        assert [step for step, _ in w.step_results()] == [0, 1, 2]
        assert w.results() == [Result.CANCELLED]
    finally:
        w.close()


async def test_a_second_stop_holds_through_a_restart(tmp_path: Path) -> None:
    """The reactors forget it no more than the first."""
    w = await begin(tmp_path)
    try:
        await w.do(stop_of(w))
        await w.finish(CANCELLED)
        await w.command(stop_of(w))
        await w.restart()
        await w.finish_all()
        assert steps_asked_for_since_stop(w) == [2]
        assert w.results() == [Result.CANCELLED]
    finally:
        w.close()
