"""What others record between a decision of the reactors and its commit: the decision is refused, and made anew."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from buildledger.domain.request import CancelRequest, SubmitRequest
from buildledger.domain.worker import DisconnectWorker, PauseWorker, ResumeWorker, RevokeWorker
from buildledger.events.build import BuildAssigned
from buildledger.events.ids import RequestId, request_id
from buildledger.events.machine import MachineStartRequested
from buildledger.events.request import RequestFinished, RequestSubmitted
from buildledger.events.results import Result
from buildledger.events.worker import WorkerMissing
from tests.reactors.configurations import ELASTIC, TRIGGERS
from tests.reactors.unreliable import UnreliableLedger
from tests.reactors.world import SIMPLE, World, with_config

ASKED_FOR = request_id("forced", 1)
Other = Callable[[World], Awaitable[object]]


@asynccontextmanager
async def overtaken(path: Path, text: str, other: Other, *, workers: tuple[str, ...] = ()) -> AsyncIterator[World]:
    """A world in which something else comes before the next commit of the reactors, whatever that is."""
    w = World(path, text, UnreliableLedger)
    assert isinstance(w.ledger, UnreliableLedger)
    ledger = w.ledger

    async def once() -> None:
        ledger.meanwhile = None
        await other(w)

    try:
        await w.begin()
        for worker in workers:
            await w.connect(worker)
        ledger.meanwhile = once
        yield w
    finally:
        w.close()


def has_come(w: World) -> bool:
    """Whether the other was recorded."""
    assert isinstance(w.ledger, UnreliableLedger)
    return w.ledger.meanwhile is None


def away(w: World) -> Awaitable[object]:
    return w.command(DisconnectWorker(worker="w1", epoch=1, reason="silent"))


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(lambda w: w.command(PauseWorker(worker="w1")), id="paused"),
        pytest.param(lambda w: w.command(RevokeWorker(worker="w1")), id="revoked"),
        pytest.param(away, id="disconnected"),
        pytest.param(lambda w: w.apply(with_config(SIMPLE.replace("w1:", "w3:"))), id="not configured any more"),
    ],
)
async def test_a_worker_that_may_have_nothing_any_more_is_given_nothing(tmp_path: Path, other: Other) -> None:
    """What was meant for it goes to another at once, and not only when a lease is over."""
    async with overtaken(tmp_path, SIMPLE.replace("os: linux}}", "os: linux}, capacity: 9}"), other) as w:
        await w.command(*(await _connected(w, "w1")))
        await w.force()
        assert w.builders() == []
        await w.connect("w2")
        assert [fact.worker for fact in w.facts(BuildAssigned)] == ["w2"]
        await w.finish_all()
        assert w.results() == [Result.SUCCESS]


async def _connected(w: World, name: str) -> tuple[()]:
    assert isinstance(w.ledger, UnreliableLedger)
    waiting, w.ledger.meanwhile = w.ledger.meanwhile, None
    await w.connect(name)
    w.ledger.meanwhile = waiting
    return ()


async def test_a_paused_worker_goes_on_when_it_is_resumed(tmp_path: Path) -> None:
    """The refused assignment leaves neither its slot nor its request taken."""
    async with overtaken(tmp_path, SIMPLE, lambda w: w.command(PauseWorker(worker="w1")), workers=("w1",)) as w:
        await w.force()
        assert w.builders() == []
        await w.do(ResumeWorker(worker="w1"))
        await w.finish_all()
        assert w.results() == [Result.SUCCESS]


async def test_a_request_that_is_cancelled_meanwhile_has_no_build(tmp_path: Path) -> None:
    """The cancellation holds, and the worker is free for the next request."""
    cancel = CancelRequest(request_id=RequestId(ASKED_FOR), reason="no")
    text = SIMPLE.replace("labels: {os: linux}}", "labels: {os: linux}, capacity: 1}")
    async with overtaken(tmp_path, text, lambda w: w.command(cancel), workers=("w1",)) as w:
        await w.force()
        await w.force()
        await w.finish_all()
        assert list(w.answers().values()) == [Result.CANCELLED, Result.SUCCESS]
        assert len(w.builders()) == 1


async def test_a_builder_that_goes_meanwhile_is_not_built(tmp_path: Path) -> None:
    """Its request is cancelled with the reason."""
    without = SIMPLE.replace("  tests:", "  others:").replace("[tests]", "[others]")
    async with overtaken(tmp_path, SIMPLE, lambda w: w.apply(with_config(without)), workers=("w1",)) as w:
        await w.force()
        assert w.builders() == []
        assert [fact.reason for fact in w.facts(RequestFinished)] == ["builder 'tests' is not in the configuration"]


@pytest.mark.parametrize(
    "trigger",
    [
        "  - {on: cron, name: it, at: '* * * * *', build: [tests]}\n",
        "  - {on: change, name: it, source: widget, build: [tests]}\n",
        "  - {on: success, name: it, of: tests, build: [package]}\n",
    ],
)
async def test_a_trigger_that_goes_meanwhile_requests_nothing(tmp_path: Path, trigger: str) -> None:
    """Whatever made it due, its configuration isn't in force any more."""

    async def without(w: World) -> None:
        await w.apply(with_config(TRIGGERS + "  []\n"))

    text = TRIGGERS.replace('[{checkout: widget}, {run: ["true"]}]', '[{run: ["true"]}]') + trigger
    async with overtaken(tmp_path, text, without) as w:
        assert isinstance(w.ledger, UnreliableLedger)
        remove, w.ledger.meanwhile = w.ledger.meanwhile, None
        if "success" in trigger:
            await w.connect("w1")
            await w.force()
        w.ledger.meanwhile = _only_of_triggers(w, remove)
        if "success" in trigger:
            await w.finish_all()
        elif "cron" in trigger:
            await w.pass_time(61)
        else:
            await w.push("1" * 40)
        assert has_come(w)
        assert [fact for fact in w.facts(RequestSubmitted) if fact.trigger] == []


def _only_of_triggers(w: World, other: Callable[[], Awaitable[None]] | None) -> Callable[[], Awaitable[None]]:
    """The other comes before the first commit that triggers have asked for."""
    assert isinstance(w.ledger, UnreliableLedger)
    assert other is not None
    ledger = w.ledger

    async def before() -> None:
        if any(isinstance(command, SubmitRequest) for command in ledger.at_hand):
            await other()

    return before


async def test_a_worker_that_is_configured_no_more_is_not_missing(tmp_path: Path) -> None:
    """It left the configuration in the moment in which its absence was to be reported."""
    text = SIMPLE.replace("w1: {", "w1: {missing_after: 5m, ")
    other = with_config(SIMPLE.replace("w1:", "w3:"))
    async with overtaken(tmp_path, text, lambda w: w.apply(other), workers=("w1",)) as w:
        assert isinstance(w.ledger, UnreliableLedger)
        change, w.ledger.meanwhile = w.ledger.meanwhile, None
        await w.disconnect()
        await w.pass_time(200)
        w.ledger.meanwhile = change
        await w.pass_time(200)
        assert has_come(w)
        assert w.facts(WorkerMissing) == []


async def test_a_machine_that_is_configured_no_more_is_not_started(tmp_path: Path) -> None:
    """The worker left the configuration in the moment in which it was to be started."""
    without = "\n".join(line for line in ELASTIC.splitlines() if not line.startswith("  cloud:"))
    async with overtaken(tmp_path, ELASTIC, lambda w: w.apply(with_config(without))) as w:
        await w.force("tests")
        assert w.facts(MachineStartRequested) == []
