"""A server that is killed anywhere around a step that generates requests what was generated once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable
from pathlib import Path

import pytest

from buildledger.config.pipelines.effective import compose
from buildledger.config.stored import read_configuration
from buildledger.events.build import BuildAssigned, BuildFinished, StepFinished
from buildledger.events.operation import Ended
from buildledger.events.pipeline import PipelineDefined
from buildledger.events.request import RequestFinished, RequestSubmitted
from tests.reactors.generating import read
from tests.reactors.unreliable import Killed, UnreliableLedger
from tests.reactors.world import World
from tests.simulation.invariants import History

TEXT = """
version: 1
server: {title: Test}
sources: {widget: {git: "https://git.example/widget.git"}}
workers: {w1: {capacity: 2}}
builders:
  plan: {steps: [{generate: [plan]}, {run: [after]}]}
triggers:
  - {on: change, source: widget, build: [plan]}
"""
GENERATED = "version: 1\nbuilders: {unit: {steps: [{run: [unit]}]}, lint: {steps: [{run: [lint]}]}}"
WRITTEN = Ended(reason="exited", exit_code=0, text=GENERATED)


class Story:
    """A push whose build generates two builders, which are built while the server is killed once."""

    def __init__(self, w: World) -> None:
        self.w = w
        self.kills = 0
        self.seen: tuple[object, ...] = ()

    async def tell(self) -> None:
        """From the push to the end of all builds."""
        await self._let(self.w.connect("w1"))
        await self._let(self.w.push("a" * 40))
        await self._let(self.w.finish(WRITTEN))
        await self._let(read(self.w))
        while self.w.open_operations():
            await self._let(self.w.finish())

    async def _let(self, happening: Awaitable[None]) -> None:
        try:
            await happening
        except Killed:
            self.kills += 1
            await self.w.restart()

    def outcome(self) -> tuple[object, ...]:
        """All that anybody can see of the end, apart from times and order."""
        w = self.w
        return (
            Counter((fact.builder, fact.parent_step, fact.pipeline) for fact in w.facts(RequestSubmitted)),
            Counter((fact.builder, fact.attempt) for fact in w.facts(BuildAssigned)),
            Counter(fact.result for fact in w.facts(RequestFinished)),
            Counter(fact.result for fact in w.facts(BuildFinished)),
            Counter((fact.step, fact.result, fact.summary) for fact in w.facts(StepFinished)),
            len(w.facts(PipelineDefined)),
        )


async def told(path: Path, *, kill_at: int | None, after_commit: bool) -> tuple[Story, UnreliableLedger]:
    """The story, told to its end in a world of its own."""
    w = World(path, TEXT, UnreliableLedger)
    assert isinstance(w.ledger, UnreliableLedger)
    try:
        await w.begin()
        w.ledger.kill_at, w.ledger.after_commit = kill_at, after_commit
        story = Story(w)
        await story.tell()
        (pipeline,) = w.facts(PipelineDefined)
        history = History(compose(w.configuration, read_configuration(pipeline.text)))
        history.check(w.recorded())
        assert history.unanswered() == set()
        story.seen = story.outcome()
        return story, w.ledger
    finally:
        w.close()


@pytest.mark.parametrize("after_commit", [False, True], ids=["before the commit", "after the commit"])
async def test_killed_at_every_commit(tmp_path: Path, *, after_commit: bool) -> None:
    """For every commit of the reactors: the same two builds, requested once, from one pipeline."""
    whole, ledger = await told(tmp_path / "whole", kill_at=None, after_commit=after_commit)
    commits = ledger.commits
    assert commits > 5
    for kill_at in range(1, commits + 1):
        story, _ = await told(tmp_path / str(kill_at), kill_at=kill_at, after_commit=after_commit)
        assert story.kills == 1
        assert story.seen == whole.seen, f"killed at commit {kill_at}"
