"""Builds that run under a configuration that this version can't read, as after going back to an older server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from buildledger.events.build import BuildAssigned, BuildFinished, StepFinished
from buildledger.events.config import ConfigApplied
from buildledger.events.fact import Recorded
from buildledger.events.results import Result
from buildledger.ledger.ledger import Ledger
from tests.reactors.world import PASSED, SIMPLE, World, with_config

LOCKED = SIMPLE.replace("builders:\n", "locks: {board: {count: 1}}\nbuilders:\n").replace(
    "    steps:\n", "    locks: [board]\n    steps:\n"
)
NEXT = LOCKED.replace("title: Test", "title: Next")


class NewerLedger(Ledger):
    """One in which a newer version has written a configuration in a format of its own."""

    newer_at = 0

    def at(self, position: int) -> Recorded:
        recorded = super().at(position)
        if position != self.newer_at:
            return recorded
        fact = recorded.fact
        assert isinstance(fact, ConfigApplied)
        return msgspec.structs.replace(recorded, fact=msgspec.structs.replace(fact, text='{"format":99}'))


@pytest.fixture
async def w(tmp_path: Path) -> AsyncIterator[World]:
    """Two requests wait, collapsed into one build that runs under the first configuration; the second is in force."""
    w = World(tmp_path, LOCKED, NewerLedger)
    try:
        await w.begin()
        for _ in range(2):
            await w.force(collapse_key="main")
        await w.connect()
        assert [len(fact.requests) for fact in w.facts(BuildAssigned)] == [2]
        await w.apply(with_config(NEXT))
        yield w
    finally:
        w.close()


def lose_first_configuration(w: World) -> int:
    """From now on the first configuration can't be read; gives where it was applied."""
    assert isinstance(w.ledger, NewerLedger)
    w.ledger.newer_at = w.recorded(ConfigApplied)[0].position
    return w.ledger.newer_at


async def test_the_build_and_all_its_requests_end_as_exception(w: World) -> None:
    """What its worker does is awaited; then the summary names position and format, and everything else goes on."""
    old = {each.request_id for each in w.runner.checkpoint_state().work.requests}
    position = lose_first_configuration(w)
    await w.restart()
    assert w.results() == [], "its worker is still at work"
    other = await w.force()
    await w.finish_all()
    assert w.answers() == dict.fromkeys(old, Result.EXCEPTION) | {other: Result.SUCCESS}
    ended = w.facts(BuildFinished)[0]
    assert f"position {position}" in ended.summary
    assert "format 99" in ended.summary
    assert next(iter(w.facts(StepFinished))).summary == ended.summary


async def test_a_build_between_two_operations_ends_at_the_start(w: World) -> None:
    """Nothing has to be awaited when the server starts: the build ends at once.

    Nor does it matter that the checkpoint was written when that configuration was in force.
    """
    await w.runner.save()
    lose_first_configuration(w)
    (operation,) = w.open_operations()
    await w.report(operation, PASSED)
    await w.restart()
    assert w.results() == [Result.EXCEPTION]
    assert set(w.answers().values()) == {Result.EXCEPTION}
    assert w.runner.health.failure is None


async def test_a_worker_that_is_lost_brings_no_retry(w: World) -> None:
    """What the loss of its worker would mean stands in the configuration, too: the build is an exception."""
    lose_first_configuration(w)
    await w.restart()
    await w.disconnect()
    await w.pass_time(3600)
    assert w.results() == [Result.EXCEPTION]


async def test_while_the_one_in_force_cannot_be_read_nothing_new_is_begun(w: World) -> None:
    """What runs under a readable one goes on and requests wait; the next configuration lets them go on."""
    assert isinstance(w.ledger, NewerLedger)
    w.ledger.newer_at = w.recorded(ConfigApplied)[-1].position
    await w.restart()
    waiting = await w.force()
    await w.finish_all()
    assert w.runner.health.failure is None
    assert waiting not in w.answers()
    assert w.results() == [Result.SUCCESS]
    await w.apply(with_config(LOCKED.replace("title: Test", "title: Again")))
    await w.runner.settle()
    await w.finish_all()
    assert w.answers()[waiting] is Result.SUCCESS
