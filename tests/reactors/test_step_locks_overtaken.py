"""What others record between the decision that a step has its locks and its commit."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from buildledger.domain.build import StopBuild, TakeStepLocks
from buildledger.events.build import BuildAssigned, StepLocksTaken
from buildledger.events.ids import BuildId
from buildledger.events.results import Result
from tests.reactors.unreliable import Killed, UnreliableLedger
from tests.reactors.world import PASSED, World, with_config

TEXT = """
version: 1
sources: {widget: {git: "https://git.example/widget.git"}}
workers: {w1: {capacity: 8}}
locks: {db: {count: 1}}
builders:
  tests: {collapse: never, steps: [{run: [./migrate], locks: [db]}]}
"""
Other = Callable[[World], Awaitable[object]]


def reconfigure(w: World) -> Awaitable[object]:
    """There are two of the lock."""
    return w.apply(with_config(TEXT.replace("count: 1", "count: 2")))


def stop(w: World) -> Awaitable[object]:
    """Somebody stops the build that is to have the lock."""
    first = w.recorded(BuildAssigned)[0]
    return w.command(StopBuild(build_id=BuildId(first.stream_id), reason="enough"))


@pytest.mark.parametrize(("other", "results"), [(reconfigure, ["success"] * 2), (stop, ["cancelled", "success"])])
async def test_a_lock_whose_grant_was_overtaken_is_given_anew(tmp_path: Path, other: Other, results: list[str]) -> None:
    """Nobody has it twice, and nobody waits for it for ever."""
    w = World(tmp_path, TEXT, UnreliableLedger)
    ledger = w.ledger
    assert isinstance(ledger, UnreliableLedger)
    overtaken = []

    async def before_it_is_given() -> None:
        if any(isinstance(command, TakeStepLocks) for command in ledger.at_hand):
            ledger.meanwhile = None
            overtaken.append(await other(w))

    try:
        await w.begin()
        await w.connect()
        ledger.meanwhile = before_it_is_given
        await w.force("tests")
        await w.force("tests")
        assert len(overtaken) == 1
        await w.finish_all()
        assert sorted(w.results()) == sorted(map(Result, results))
    finally:
        w.close()


@pytest.mark.parametrize("after_commit", [False, True])
async def test_killed_as_a_lock_is_given(tmp_path: Path, *, after_commit: bool) -> None:
    """Whether the commit was made or not: after the start one step has the lock, and the other one waits."""
    w = World(tmp_path, TEXT, UnreliableLedger)
    ledger = w.ledger
    assert isinstance(ledger, UnreliableLedger)

    async def dies() -> None:
        if any(isinstance(command, TakeStepLocks) for command in ledger.at_hand):
            ledger.kill_at, ledger.meanwhile = ledger.commits + 1, None

    try:
        await w.begin()
        await w.connect()
        ledger.meanwhile, ledger.after_commit = dies, after_commit
        with pytest.raises(Killed):
            await w.force("tests")
        await w.restart()
        await w.force("tests")
        assert len(w.facts(StepLocksTaken)) == len(w.open_operations()) == 1
        await w.finish(PASSED)
        assert len(w.facts(StepLocksTaken)) == 2
        await w.finish_all()
        assert w.results() == [Result.SUCCESS] * 2
    finally:
        w.close()
