"""Locks are reserved in order of turn: whatever can run, runs, however many others want the same locks."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from buildledger.domain.request import CancelRequest
from buildledger.events.build import BuildAssigned
from buildledger.events.request import RequestClaimed, RequestCollapsed, RequestSubmitted
from tests.reactors.world import PASSED, World, world

TEXT = """
version: 1
sources: {widget: {git: "https://git.example/widget.git"}}
workers:
  w1: {capacity: 8}
locks: {database: {count: 3}, board: {count: 1}, disk: {count: 2}}
builders:
  query: {collapse: never, locks: [database], steps: [{run: [make]}]}
  migration: {collapse: never, locks: [{lock: database, take: all}], steps: [{run: [make]}]}
  flash: {collapse: never, locks: [board], steps: [{run: [make]}]}
  fill: {collapse: never, locks: [disk], steps: [{run: [make]}]}
  both: {collapse: never, locks: [board, {lock: disk, take: 2}], steps: [{run: [make]}]}
  free: {collapse: never, steps: [{run: [make]}]}
"""
BUILDERS = ("query", "migration", "flash", "fill", "both", "free")
TURNS_MAX = 20
"""Builds that may end before a request is served, for as many requests as wait in the property test."""


async def finish_oldest(w: World) -> None:
    """The build that has run for the longest ends."""
    await w.report(w.open_operations()[0], PASSED)
    await w.runner.settle()


async def test_a_lock_is_got_whole_though_others_take_parts_of_it(tmp_path: Path) -> None:
    """As many small builds as there are come all the time; who takes all of it waits for those that run only."""
    async with world(tmp_path, TEXT) as w:
        for _ in range(5):
            await w.force("query")
        await w.force("migration")
        for _ in range(5):
            await w.force("query")
            await finish_oldest(w)
        assert w.builders().index("migration") <= 5


async def test_two_locks_are_got_though_others_take_each_of_them(tmp_path: Path) -> None:
    """They are never free at the same moment by chance, and needn't be."""
    async with world(tmp_path, TEXT) as w:
        for name in ("flash", "fill", "fill"):
            await w.force(name)
        await w.force("both")
        for _ in range(4):
            for name in ("flash", "fill"):
                await w.force(name)
            await finish_oldest(w)
        assert w.builders().index("both") <= 5


async def test_who_goes_reserves_nothing(tmp_path: Path) -> None:
    """A request that is cancelled, and one that no worker is left for, let the others have the lock at once."""
    text = TEXT.replace("w1: {capacity: 8}", "w1: {capacity: 8}\n  w2: {labels: {big: 'yes'}}").replace(
        "{collapse: never, locks: [{lock: database, take: all}]",
        "{collapse: never, worker: \"'big' in worker.labels\", locks: [{lock: database, take: all}]",
    )
    async with world(tmp_path, text, workers=["w1", "w2"]) as w:
        await w.force("query")
        waiting = await w.force("migration")
        await w.force("query")
        assert w.builders() == ["query"]
        await w.do(CancelRequest(request_id=waiting, reason="so"))
        assert w.builders() == ["query"] * 2
        await w.force("migration")
        await w.force("query")
        assert w.builders() == ["query"] * 2
        await w.disconnect("w2")
        assert w.builders() == ["query"] * 3


@given(seed=st.integers(0, 2**32))
@settings(max_examples=8, deadline=None)
def test_whatever_can_run_runs_within_a_bounded_number_of_turns(seed: int) -> None:
    """For any stream of requests of equal priority: none is passed over for ever."""
    with TemporaryDirectory() as directory:
        asyncio.run(_stream(Path(directory), random.Random(seed)))


async def _stream(path: Path, chosen: random.Random) -> None:
    async with world(path, TEXT) as w:
        submitted: dict[object, int] = {}
        served: set[object] = set()
        for turn in range(40):
            while len(submitted) - len(served) < 4:
                submitted[await w.force(chosen.choice(BUILDERS))] = turn
                served = {each.stream_id for each in w.recorded(RequestClaimed, RequestCollapsed)}
            await w.report(chosen.choice(w.open_operations()), PASSED)
            await w.runner.settle()
            served = {each.stream_id for each in w.recorded(RequestClaimed, RequestCollapsed)}
            late = [turn - began for request, began in submitted.items() if request not in served]
            assert max(late, default=0) <= TURNS_MAX
        assert len(w.facts(BuildAssigned)) <= len(w.facts(RequestSubmitted))
