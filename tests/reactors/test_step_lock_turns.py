"""Locks of steps and of builders together, for any course of events: none is held too often, none waits for ever."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from buildledger.domain.build import StopBuild
from buildledger.events.build import BuildAssigned, BuildFinished, StepFinished, StepLocksRequested, StepLocksTaken
from buildledger.events.ids import BuildId
from buildledger.events.request import RequestClaimed
from tests.reactors.world import PASSED, World, world

TEXT = """
version: 1
sources: {widget: {git: "https://git.example/widget.git"}}
workers: {w1: {capacity: 3}, w2: {labels: {big: "yes"}, capacity: 2}}
locks: {database: {count: 3}, board: {count: 1}, disk: {count: 2}, license: {count: 4}}
builders:
  query: {collapse: never, steps: [{run: [make]}, {run: [make, query], locks: [database]}]}
  migration: {collapse: never, locks: [{lock: database, take: all}], steps: [{run: [make]}]}
  upgrade: {collapse: never, steps: [{run: [make], locks: [{lock: database, take: all}, board]}]}
  licensed: {collapse: never, locks: [license], steps: [{run: [make], locks: [database]}, {run: [sign], locks: [disk]}]}
  flash: {collapse: never, locks: [board], steps: [{run: [make], locks: [{lock: disk, take: 2}]}]}
  both: {collapse: never, worker: "'big' in worker.labels", locks: [board, disk, database], steps: [{run: [make]}]}
  free: {collapse: never, steps: [{run: [make]}]}
"""
BUILDERS = ("query", "migration", "upgrade", "licensed", "flash", "both", "free")
COUNTS = {"database": 3, "board": 1, "disk": 2, "license": 4}
WAITING_MAX = 4
"""Requests that have no build yet."""
ENDS_MAX = 40
"""Operations that may end before a step has its locks, or a request its build, with so many others about."""


class Table:
    """Who holds what and who waits, worked out from the facts alone."""

    def __init__(self, w: World) -> None:
        builders = w.configuration.builders
        self.held: Counter[str] = Counter()
        self.waiting: dict[BuildId, dict[str, int]] = {}
        taken: dict[BuildId, dict[str, int]] = {}
        of: dict[BuildId, BuildAssigned] = {}
        for recorded in w.recorded():
            build = BuildId(recorded.stream_id)
            match recorded.fact:
                case BuildAssigned() as assigned:
                    of[build] = assigned
                case StepLocksRequested(locks=locks):
                    self.waiting[build] = locks
                case StepLocksTaken():
                    taken[build] = self.waiting.pop(build)
                case StepFinished():
                    taken.pop(build, None)
                    self.waiting.pop(build, None)
                case BuildFinished():
                    of.pop(build)
        for assigned in of.values():
            self.held.update({use.lock: use.take for use in builders[assigned.builder].locks})
        for locks in taken.values():
            self.held.update(locks)

    def check(self, requests: int) -> None:
        """No lock is held too often, and nobody waits for what is free and wanted by nobody else."""
        assert all(self.held[lock] <= count for lock, count in COUNTS.items()), self.held
        wanted = Counter(lock for locks in self.waiting.values() for lock in locks)
        for locks in self.waiting.values() if not requests else ():
            is_free = all(COUNTS[lock] - self.held[lock] >= take for lock, take in locks.items())
            assert not is_free or any(wanted[lock] > 1 for lock in locks), locks


@given(seed=st.integers(0, 2**32))
@settings(max_examples=4, deadline=None)
def test_none_is_held_too_often_and_none_waits_for_ever(seed: int) -> None:
    """Whatever is asked for, ends or is stopped, and however often the server is started again."""
    with TemporaryDirectory() as directory:
        asyncio.run(_course(Path(directory), random.Random(seed)))


async def _course(path: Path, chosen: random.Random) -> None:
    async with world(path, TEXT, workers=["w1", "w2"]) as w:
        asked: dict[object, int] = {}
        waits_since: dict[BuildId, int] = {}
        for ends in range(60):
            claimed = {each.stream_id for each in w.recorded(RequestClaimed)}
            while len(asked.keys() - claimed) < WAITING_MAX and chosen.random() < 0.7:
                asked[await w.force(chosen.choice(BUILDERS))] = ends
                claimed = {each.stream_id for each in w.recorded(RequestClaimed)}
            await _something_happens(w, chosen)
            table = Table(w)
            waits_since = {build: waits_since.get(build, ends) for build in table.waiting}
            claimed = {each.stream_id for each in w.recorded(RequestClaimed)}
            table.check(len(asked.keys() - claimed))
            late = [ends - since for since in waits_since.values()]
            late += [ends - since for request, since in asked.items() if request not in claimed]
            assert max(late, default=0) <= ENDS_MAX
        await w.finish_all()
        assert len(w.answers()) == len(asked), "all come to their end when nothing new is asked for"


async def _something_happens(w: World, chosen: random.Random) -> None:
    operations = w.open_operations()
    assert operations or not Table(w).waiting, "somebody can always go on"
    if operations:
        await w.report(chosen.choice(operations), PASSED)
        await w.runner.settle()
    match chosen.randrange(10):
        case 0:
            await w.restart()
        case 1 if waiting := Table(w).waiting:
            await w.do(StopBuild(build_id=chosen.choice(sorted(waiting)), reason="enough"))
