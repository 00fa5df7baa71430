"""A server that is killed at any of its commits ends up where it would have without."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable
from pathlib import Path

import pytest

from buildledger.domain.build import StopBuild
from buildledger.events.build import BuildAssigned, BuildFinished, OperationRequested, PropertySet, StepFinished
from buildledger.events.ids import BuildId, RequestId
from buildledger.events.operation import Ended, Run
from buildledger.events.request import RequestFinished, RequestSubmitted
from tests.reactors.unreliable import Killed, UnreliableLedger
from tests.reactors.world import FAILED, World
from tests.simulation.invariants import History

TEXT = """
version: 1
server: {title: Test}
sources:
  widget: {git: "https://git.example/widget.git"}
workers:
  w1: {capacity: 2}
  w2: {capacity: 2}
locks: {press: {count: 1}}
builders:
  tests:
    collapse: same-branch
    steps:
      - run: [make]
      - {set_property: version, run: [git, describe]}
      - run: [check, {property: version}]
  package:
    steps: [{run: [pack], locks: [press]}]
triggers:
  - {on: change, source: widget, settle: 10s, build: [tests]}
  - {on: success, of: tests, build: [package]}
"""
DONE = Ended(reason="exited", exit_code=0, text="1.0")
Outcome = tuple[object, ...]


class Story:
    """One course of events, told to the end whatever happens to the server."""

    def __init__(self, w: World, *, kill_at: int | None, after_commit: bool, save_at: int | None) -> None:
        assert isinstance(w.ledger, UnreliableLedger)
        self.w = w
        self.ledger = w.ledger
        self.ledger.kill_at, self.ledger.after_commit = kill_at, after_commit
        self._save_at = save_at
        self._chapter = 0
        self.kills = 0
        self.ended: Outcome = ()

    async def tell(self) -> None:
        """Requests that go together, a change, lost builds, a failure, a stop, and what follows from each."""
        w = self.w
        for _ in range(3):
            await self._chapter_of(w.force("package", collapse_key="together"))
        await self._chapter_of(w.connect("w1"))
        await self._chapter_of(w.disconnect("w1"))
        await self._chapter_of(w.pass_time(91))
        await self._chapter_of(w.pass_time(91))
        await self._chapter_of(w.connect("w1"))
        await self._operations(DONE, 1)
        await self._chapter_of(w.push("a" * 40))
        await self._chapter_of(w.push("b" * 40))
        await self._chapter_of(w.pass_time(11))
        await self._chapter_of(w.pass_time(11))
        await self._operations(DONE, 2)
        await self._chapter_of(w.connect("w2"))
        await self._operations(Ended(reason="interrupted"), 1)
        await self._chapter_of(w.pass_time(91))
        await self._operations(DONE, 4)
        await self._chapter_of(w.force("tests"))
        await self._operations(FAILED, 1)
        await self._chapter_of(w.force("tests"))
        builds = [recorded.stream_id for recorded in w.recorded(BuildAssigned)]
        await self._chapter_of(w.do(StopBuild(build_id=BuildId(builds[-1]), reason="enough")))
        await self._operations(Ended(reason="cancel"), 1)
        while w.open_operations():
            await self._operations(DONE, 1)

    async def _operations(self, ended: Ended, times: int) -> None:
        for _ in range(times):
            await self._chapter_of(self.w.finish(ended))

    async def _chapter_of(self, happening: Awaitable[RequestId | None]) -> None:
        """Let something happen; if the server is killed over it, start it again."""
        try:
            await happening
        except Killed:
            self.kills += 1
            await self.w.restart()
        self._chapter += 1
        if self._chapter == self._save_at:
            await self.w.runner.save()

    def outcome(self) -> Outcome:
        """All that anybody can see of the end, apart from times."""
        w = self.w
        return (
            [(fact.builder, fact.attempt, len(fact.requests)) for fact in w.facts(BuildAssigned)],
            Counter(fact.builder for fact in w.facts(RequestSubmitted)),
            Counter((fact.result, fact.reason) for fact in w.facts(RequestFinished)),
            w.facts(BuildFinished),
            w.facts(StepFinished),
            w.facts(PropertySet),
            [fact.spec.argv for fact in w.facts(OperationRequested) if isinstance(fact.spec, Run)],
        )


async def told(path: Path, *, kill_at: int | None, after_commit: bool = False, save_at: int | None = None) -> Story:
    """The story, told to its end in a world of its own."""
    w = World(path, TEXT, UnreliableLedger)
    try:
        await w.begin()
        story = Story(w, kill_at=kill_at, after_commit=after_commit, save_at=save_at)
        await story.tell()
        history = History(w.configuration)
        history.check(w.recorded())
        assert history.unanswered() == set()
        story.ended = story.outcome()
        return story
    finally:
        w.close()


@pytest.mark.parametrize("after_commit", [False, True], ids=["before the commit", "after the commit"])
@pytest.mark.parametrize("save_at", [None, 3, 9], ids=["no checkpoint", "old checkpoint", "newer checkpoint"])
async def test_killed_at_every_commit(tmp_path: Path, *, after_commit: bool, save_at: int | None) -> None:
    """For every commit of the reactors: killed there and started again, the same builds end in the same way.

    Commands that the process had no answer to are given again; nothing is asked of a worker twice.
    """
    whole = await told(tmp_path / "whole", kill_at=None)
    commits = whole.ledger.commits
    assert commits > 20
    for kill_at in range(1, commits + 1):
        story = await told(tmp_path / str(kill_at), kill_at=kill_at, after_commit=after_commit, save_at=save_at)
        assert story.kills == 1
        assert story.ended == whole.ended, f"killed at commit {kill_at}"
