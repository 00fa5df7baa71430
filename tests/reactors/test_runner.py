"""The reactors' task: it follows the ledger, keeps times, saves its place, and stops loudly."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest

from buildledger.config.configurations import Configurations
from buildledger.domain.build import FinishOperation
from buildledger.domain.command import Command
from buildledger.domain.config import ApplyConfig
from buildledger.domain.refusals import Refusal
from buildledger.domain.request import CancelRequest, SubmitRequest
from buildledger.events.build import BuildAssigned, BuildFinished, OperationRequested
from buildledger.events.fact import Fact, Recorded
from buildledger.events.ids import request_id
from buildledger.events.request import RequestSubmitted, SourceStamp
from buildledger.events.results import Result
from buildledger.ledger.errors import LedgerUnavailable, StoreError
from buildledger.ledger.follow import BATCH_FACTS, Tail
from buildledger.ledger.ledger import Ledger
from buildledger.ledger.recent import RecentFacts
from buildledger.ledger.store import Checkpoint
from buildledger.ledger.submission import Origin, Receipt
from buildledger.reactors.assembly import join
from buildledger.reactors.contradictions import TRIED_AGAIN_AFTER
from buildledger.reactors.reactor import CommandBatch, Fold
from buildledger.reactors.reactor_fold import ReactorFold
from buildledger.reactors.runner import Runner
from tests.reactors.configurations import SETTLING
from tests.reactors.world import PASSED, REPOSITORY, SERVER, SIMPLE, World, world

DEADLINE_SECONDS = 20.0


@asynccontextmanager
async def following(w: World) -> AsyncIterator[Runner]:
    """Reactors that run as they do in a server."""
    w.follows = True
    runner = join(w.ledger, w.clock, configurations=Configurations(w.ledger.at), serves=lambda server: server == SERVER)
    task = asyncio.create_task(runner.run())
    try:
        yield runner
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until(w: World, kind: type[Fact], count: int) -> None:
    """Follow the ledger until it holds so many facts of a kind."""
    async with asyncio.timeout(DEADLINE_SECONDS):
        async for batch in w.ledger.tail().after(0):
            count -= sum(isinstance(recorded.fact, kind) for recorded in batch)
            if count <= 0:
                return


async def answer_all(w: World) -> None:
    """A worker that is done with everything at once."""
    async for batch in w.ledger.tail().after(0):
        for recorded in batch:
            fact = recorded.fact
            if isinstance(fact, OperationRequested):
                build: Any = recorded.stream_id
                operation, fence = fact.operation_id, fact.fence
                await w.command(FinishOperation(build_id=build, operation_id=operation, fence=fence, ended=PASSED))


async def test_builds_run_while_it_follows(tmp_path: Path) -> None:
    """What comes into the ledger is acted on without anybody asking."""
    async with world(tmp_path) as w, following(w) as runner:
        worker = asyncio.create_task(answer_all(w))
        for _ in range(5):
            await w.force()
        await until(w, BuildFinished, 5)
        worker.cancel()
        assert set(w.results()) == {Result.SUCCESS}
        assert runner.health.failure is None


async def test_it_wakes_when_something_is_due(tmp_path: Path) -> None:
    """A settle time that is over leads to a request though no fact comes."""
    async with world(tmp_path, SETTLING, workers=[]) as w, following(w):
        await w.push("a")
        w.clock.advance(91)
        await until(w, RequestSubmitted, 1)


class CountingLedger(Ledger):
    """One that remembers how many facts were read from it."""

    facts_read = 0

    def read(self, after: int, limit: int, names: Collection[str] = ()) -> Sequence[Recorded]:
        facts = super().read(after, limit, names)
        self.facts_read += len(facts)
        return facts


async def test_a_start_reads_the_checkpoint_and_what_came_after_it(tmp_path: Path) -> None:
    """The remembered state is that of a whole history, and only later facts and the configuration are read for it."""
    w = World(tmp_path, SIMPLE, CountingLedger)
    try:
        await w.begin()
        await w.connect()
        for _ in range(10):
            await w.force()
            await w.finish_all()
        await w.force()
        await w.runner.save()
        await w.force()
        saved = w.ledger.checkpoint(ReactorFold.NAME)
        assert saved is not None
        before, later = w.runner.checkpoint_state(), w.ledger.head() - saved.position
        assert isinstance(w.ledger, CountingLedger)
        w.ledger.facts_read = 0
        await w.restart()
        assert w.ledger.facts_read <= later + 1
        assert w.runner.checkpoint_state() == before
        await w.finish_all()
        assert w.results() == [Result.SUCCESS] * 12
        await w.runner.save()
        grown = w.ledger.checkpoint(ReactorFold.NAME)
        assert grown is not None
        assert len(grown.state) < len(saved.state), "finished work is forgotten"
    finally:
        w.close()


@pytest.mark.parametrize("version", [ReactorFold.VERSION - 1, ReactorFold.VERSION, ReactorFold.VERSION + 1])
async def test_only_a_checkpoint_of_this_version_is_trusted(tmp_path: Path, version: int) -> None:
    """After an update that remembers otherwise, or back to an older server, the history is folded once more."""
    async with world(tmp_path) as w:
        forced = await w.force()
        others = w.runner.checkpoint_state()
        others.work.requests, others.work.builds = [], []
        misleading = Checkpoint(version, w.ledger.head(), msgspec.msgpack.encode(others))
        w.ledger.save_checkpoint(ReactorFold.NAME, misleading)
        await w.restart()
        open_requests = [each.request_id for each in w.runner.checkpoint_state().work.requests]
        assert open_requests == ([] if version == ReactorFold.VERSION else [forced])


class Stubborn:
    """A reactor that asks for what the rules refuse."""

    name = "stubborn"

    def __init__(self, request_id: Any) -> None:
        self._request_id = request_id

    def folds(self) -> Mapping[type[Fact], Fold]:
        return {}

    def begin(self, now: datetime) -> None:
        return

    def react(self, now: datetime) -> list[CommandBatch]:
        return [CommandBatch((CancelRequest(request_id=self._request_id, reason="so"),), self._request_id)]

    def refused(self, subject: UUID | str, why: Refusal | LedgerUnavailable) -> None:
        return

    def decided_nothing(self, subject: UUID | str) -> None:
        return

    def next_at(self) -> datetime | None:
        return None


async def test_what_contradicts_the_rules_is_held_back_alone(tmp_path: Path) -> None:
    """It doesn't spin and ends nothing: health says who asks for what, builds go on, and it is tried again later."""
    async with world(tmp_path) as w:
        finished = await w.force()
        await w.finish_all()
        w.runner.reactors = (*w.runner.reactors, Stubborn(finished))
        another = await w.force()
        await w.finish_all()
        assert w.answers()[another] is Result.SUCCESS
        [said] = w.runner.health.held_back
        assert said.startswith(f"stubborn wants CancelRequest of {finished} again and again, and is refused: ")
        assert w.runner.health.failure is None
        again_at = w.runner.next_at()
        assert again_at == w.clock.now() + TRIED_AGAIN_AFTER
        await w.pass_time(2 * TRIED_AGAIN_AFTER.total_seconds())
        assert w.runner.health.held_back == (said,)


async def test_what_was_held_back_goes_on_when_the_rules_allow_it(tmp_path: Path) -> None:
    """After its next try health says nothing of it."""
    async with world(tmp_path) as w:
        later = request_id("later")
        w.runner.reactors = (*w.runner.reactors, Stubborn(later))
        await w.runner.settle()
        assert w.runner.health.held_back
        await w.disconnect()
        stamps = (SourceStamp(source="widget", repository=REPOSITORY, branch="main"),)
        submitted = RequestSubmitted(
            builder="tests", stamps=stamps, reason="forced", requested_by="system", config_digest=w.configuration.digest
        )
        await w.do(SubmitRequest(request_id=later, request=submitted))
        w.runner.reactors[-1].react = lambda now: []  # type: ignore[method-assign]
        await w.pass_time(TRIED_AGAIN_AFTER.total_seconds())
        assert not w.runner.health.held_back


class FullLedger(Ledger):
    """One whose disk is full for a while."""

    refusals_left = 0

    async def execute(self, *commands: Command, origin: Origin) -> Receipt:
        if self.refusals_left and origin.actor.startswith("reactor:"):
            self.refusals_left -= 1
            raise LedgerUnavailable("no space left on device")
        return await super().execute(*commands, origin=origin)


async def test_a_full_disk_is_waited_for(tmp_path: Path) -> None:
    """The reactors try again until the ledger can be written, and forget nothing."""
    w = World(tmp_path, SIMPLE, FullLedger)
    try:
        await w.begin()
        await w.connect()
        assert isinstance(w.ledger, FullLedger)
        w.ledger.refusals_left = 3
        forced = asyncio.create_task(w.force())
        async with asyncio.timeout(DEADLINE_SECONDS):
            while not forced.done():
                w.clock.advance(1)
                await asyncio.sleep(0)
        await w.finish_all()
        assert w.answers() == {forced.result(): Result.SUCCESS}
    finally:
        w.close()


class AwayLedger(Ledger):
    """One whose database can't be read for a while."""

    failures_left = 0

    def read(self, after: int, limit: int, names: Collection[str] = ()) -> Sequence[Recorded]:
        if self.failures_left:
            self.failures_left -= 1
            raise StoreError("server closed the connection unexpectedly")
        return super().read(after, limit, names)

    def tail(self, batch_facts: int = BATCH_FACTS) -> Tail:
        """One that never finds anything in memory."""
        return Tail(self._commits, RecentFacts(1), self.read, batch_facts)


async def test_a_database_that_is_away_is_waited_for(tmp_path: Path) -> None:
    """The reactors go on from where they were when the facts can be read again."""
    w = World(tmp_path, SIMPLE, AwayLedger)
    try:
        await w.begin()
        await w.connect()
        assert isinstance(w.ledger, AwayLedger)
        async with following(w) as runner:
            await w.force()
            await until(w, OperationRequested, 1)
            w.ledger.failures_left = 3
            forced = await w.force()
            async with asyncio.timeout(DEADLINE_SECONDS):
                while w.ledger.failures_left:
                    w.clock.advance(1)
                    await asyncio.to_thread(w.ledger.head)
            assert runner.health.failure is None
        w.follows = False
        await w.restart()
        await w.finish_all()
        assert w.answers()[forced] is Result.SUCCESS
    finally:
        w.close()


async def test_an_old_configuration_that_cannot_be_read_stops_no_reactor(tmp_path: Path) -> None:
    """When the whole history is folded again, only the configuration in force is needed."""
    async with world(tmp_path) as w:
        await w.command(ApplyConfig(digest="0" * 64, text='{"format":99}', origin="ci.yaml"))
        await w.apply(w.configuration)
        w.follows = True
        await w.force()
        await w.restart()
        assert len(w.facts(BuildAssigned)) == 1
