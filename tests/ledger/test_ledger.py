"""Commands become facts once, durably, together, and in an order that everybody shares."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from buildledger.domain import log, worker, worker_rules
from buildledger.domain.command import Command
from buildledger.domain.refusals import NotFoundRefusal, Refusal
from buildledger.events.catalogue import FACTS
from buildledger.events.ids import worker_id
from buildledger.ledger.errors import LedgerClosed
from buildledger.ledger.ledger import Ledger
from buildledger.ledger.store import FactQuery
from buildledger.testing.clock import VirtualClock
from tests.ledger.samples import AT, CLOCK, SYSTEM, finish_log, log_id, open_log, origin, pause, resume, stream


async def test_a_receipt_says_where_the_facts_are(ledger: Ledger) -> None:
    """Positions of exactly the facts that the commands decided, readable at once."""
    first = await ledger.execute(open_log("a"), origin=SYSTEM)
    assert (first.position, first.positions, first.duplicate) == (1, range(1, 2), False)
    second = await ledger.execute(open_log("b"), finish_log("b"), origin=SYSTEM)
    assert (second.position, second.positions) == (3, range(2, 4))
    assert ledger.head() == 3
    names = [(fact.position, fact.name, fact.version) for fact in ledger.read(1, 10)]
    assert names == [(2, "log.opened.v1", 1), (3, "log.finished.v1", 2)]


async def test_who_and_why_stand_beside_every_fact(ledger: Ledger) -> None:
    """Actor, command, cause, chain and time, the same for all facts of one command."""
    why = msgspec.structs.replace(origin(), causation_id=stream("cause"))
    await ledger.execute(open_log("a"), finish_log("a"), origin=why)
    for fact in ledger.read(0, 10):
        meta = fact.meta
        assert (meta.actor, meta.command_id, meta.recorded_at) == ("user:1", why.command_id, AT)
        assert (meta.causation_id, meta.correlation_id) == (stream("cause"), stream("chain"))


async def test_what_is_so_already_is_no_fact(ledger: Ledger) -> None:
    """The receipt is empty and its position is one at which it is seen to be so."""
    await ledger.execute(open_log("a"), origin=SYSTEM)
    await ledger.execute(pause("w"), origin=SYSTEM)
    receipt = await ledger.execute(open_log("a"), origin=SYSTEM)
    assert (receipt.position, len(receipt.positions)) == (2, 0)
    assert ledger.head() == 2


async def test_a_refusal_reaches_its_caller_only(ledger: Ledger) -> None:
    """Others of the same batch are kept."""
    calls = [
        ledger.execute(finish_log("nowhere") if number % 3 == 0 else open_log(str(number)), origin=SYSTEM)
        for number in range(30)
    ]
    results = await asyncio.gather(*calls, return_exceptions=True)
    assert [isinstance(result, NotFoundRefusal) for result in results] == [n % 3 == 0 for n in range(30)]
    assert ledger.head() == 20


async def test_all_commands_of_one_call_or_none(ledger: Ledger) -> None:
    """Over several streams, each seeing what those before it did."""
    with pytest.raises(NotFoundRefusal):
        await ledger.execute(open_log("a"), pause("w"), finish_log("b"), origin=SYSTEM)
    assert ledger.head() == 0
    receipt = await ledger.execute(open_log("a"), pause("w"), finish_log("a"), resume("w"), origin=SYSTEM)
    assert receipt.positions == range(1, 5)
    assert ledger.load(log.AGGREGATE, log_id("a"))[1] == 2
    assert ledger.load(worker_rules.AGGREGATE, worker_id("w")) == (worker.WorkerState(), 2)


async def test_a_refused_call_leaves_no_trace_for_later_ones_of_its_batch(ledger: Ledger) -> None:
    """What it would have done isn't there for them."""
    refused = ledger.execute(open_log("a"), finish_log("b"), origin=SYSTEM)
    after = ledger.execute(finish_log("a"), origin=SYSTEM)
    results = await asyncio.gather(refused, after, return_exceptions=True)
    assert [type(result) for result in results] == [NotFoundRefusal, NotFoundRefusal]


async def test_a_rule_that_fails_fails_its_caller_only(ledger: Ledger) -> None:
    """The writer lives on."""

    class Unknown(Command, frozen=True, kw_only=True):
        """No aggregate takes it."""

        @property
        def stream_id(self) -> object:  # type: ignore[override]
            return stream("unknown")

    with pytest.raises(TypeError, match="no aggregate takes"):
        await ledger.execute(Unknown(), origin=SYSTEM)
    assert (await ledger.execute(open_log("a"), origin=SYSTEM)).position == 1


async def test_a_cancelled_caller_does_not_disturb_the_others(ledger: Ledger) -> None:
    """Its command may be kept; everybody else is answered."""
    tasks = [asyncio.create_task(ledger.execute(open_log(str(n)), origin=SYSTEM)) for n in range(10)]
    await asyncio.sleep(0)
    tasks[3].cancel()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert sum(isinstance(result, asyncio.CancelledError) for result in results) == 1
    assert (await ledger.execute(open_log("after"), origin=SYSTEM)).position == 11


def test_threads_and_loops_share_a_ledger(ledger: Ledger) -> None:
    """Commands of four threads and two event loops all get their own receipts."""
    positions: list[int] = []

    async def in_loop(name: str) -> None:
        receipts = await asyncio.gather(*[ledger.execute(open_log(f"{name}{n}"), origin=SYSTEM) for n in range(25)])
        positions.extend(receipt.position for receipt in receipts)

    def in_thread(name: str) -> None:
        positions.extend(ledger.execute_blocking(open_log(f"{name}{n}"), origin=SYSTEM).position for n in range(25))

    threads = [threading.Thread(target=in_thread, args=(f"t{n}",)) for n in range(4)]
    threads += [threading.Thread(target=asyncio.run, args=(in_loop(f"l{n}"),)) for n in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(positions) == list(range(1, 151))


def test_closing_answers_what_is_queued_and_refuses_the_rest(database_url: str) -> None:
    """Nobody waits for ever."""
    ledger = Ledger.open(database_url, clock=CLOCK)
    answered: list[int] = []

    async def call() -> None:
        calls = [ledger.execute(open_log(str(n)), origin=SYSTEM) for n in range(50)]
        tasks = [asyncio.create_task(call) for call in calls]
        await asyncio.sleep(0)
        await asyncio.to_thread(ledger.close)
        answered.extend(receipt.position for receipt in await asyncio.gather(*tasks))
        with pytest.raises(LedgerClosed):
            await ledger.execute(open_log("late"), origin=SYSTEM)

    asyncio.run(call())
    assert sorted(answered) == list(range(1, 51))
    with pytest.raises(LedgerClosed):
        ledger.execute_blocking(open_log("late"), origin=SYSTEM)


def test_the_time_is_the_injected_clocks(database_url: str) -> None:
    """And nobody else's."""
    clock = VirtualClock(AT)
    ledger = Ledger.open(database_url, clock=clock)
    ledger.execute_blocking(open_log("a"), origin=SYSTEM)
    clock.advance(60)
    ledger.execute_blocking(open_log("b"), origin=SYSTEM)
    assert [fact.meta.recorded_at for fact in ledger.read(0, 2)] == [AT, AT + timedelta(seconds=60)]
    ledger.close()


def test_a_restart_goes_on_where_it_was(database_url: str) -> None:
    """Head, states and facts are what they were; facts read back equal those handed out when they were made."""
    ledger = Ledger.open(database_url, clock=CLOCK)
    for n in range(5):
        ledger.execute_blocking(open_log(str(n)), pause(f"w{n}"), origin=origin())
    before = ledger.read(0, 100)
    ledger.close()
    again = Ledger.open(database_url, clock=CLOCK)
    assert again.head() == 10
    assert list(again.read(0, 100)) == list(before)
    assert again.execute_blocking(resume("w3"), origin=SYSTEM).positions == range(11, 12)
    again.close()


def test_more_streams_than_the_cache_holds(database_url: str) -> None:
    """What was dropped is read back; no rule is applied to a state that isn't the stream's."""
    ledger = Ledger.open(database_url, clock=CLOCK)
    small = Ledger(ledger.store, clock=CLOCK, cached_streams=3)
    for _ in range(3):
        for n in range(7):
            small.execute_blocking(pause(f"w{n}"), origin=SYSTEM)
            small.execute_blocking(resume(f"w{n}"), origin=SYSTEM)
    assert small.load(worker_rules.AGGREGATE, worker_id("w4"))[1] == 6
    small.close()
    ledger.close()


def test_facts_are_asked_for_by_stream_and_name(ledger: Ledger) -> None:
    """In either order, from either end."""
    for n in range(4):
        ledger.execute_blocking(open_log(str(n)), origin=SYSTEM)
        ledger.execute_blocking(finish_log(str(n)), origin=SYSTEM)
    assert [f.position for f in ledger.read(2, 2, names=["log.finished.v1"])] == [4, 6]
    both = FactQuery(after=1, last=7, names=["log.opened.v1", "log.finished.v1"], descending=True)
    assert [f.position for f in ledger.select(both, 3)] == [7, 6, 5]
    of_stream = FactQuery(stream_id=log_id("2"))
    assert [f.position for f in ledger.select(of_stream, 10)] == [5, 6]
    assert [f.position for f in ledger.select(of_stream._replace(descending=True), 1)] == [6]
    assert [f.position for f in ledger.select(of_stream._replace(names=["log.opened.v1"]), 10)] == [5]
    assert ledger.select(FactQuery(names=["no.such.v1"]), 10) == []
    every = FactQuery(after=2, names=[fact.NAME for fact in FACTS])
    assert [f.position for f in ledger.select(every, 4)] == [3, 4, 5, 6]
    assert [f.position for f in ledger.select(every._replace(descending=True), 4)] == [8, 7, 6, 5]


COMMANDS = st.lists(
    st.tuples(
        st.sampled_from(["open", "finish", "pause", "resume"]),
        st.sampled_from(["a", "b", "c"]),
        st.none() | st.integers(0, 5),
    ),
    min_size=1,
    max_size=40,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(calls=st.lists(COMMANDS, min_size=1, max_size=6))
def test_any_interleaving_keeps_streams_contiguous(
    calls: list[list[tuple[str, str, int | None]]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Whatever concurrent callers ask for and repeat, versions have no gaps and every receipt is true."""
    ledger = Ledger.open(f"sqlite:///{tmp_path_factory.mktemp('ledger')}/ledger.db", clock=CLOCK)
    makers: dict[str, Callable[[str], Command]] = {
        "open": open_log,
        "finish": finish_log,
        "pause": pause,
        "resume": resume,
    }
    ids = [uuid4() for _ in range(6)]

    async def caller(commands: list[tuple[str, str, int | None]]) -> None:
        for verb, name, number in commands:
            command = makers[verb](name)
            try:
                receipt = await ledger.execute(command, origin=SYSTEM if number is None else origin(ids[number]))
            except Refusal:
                continue
            decided = ledger.read(receipt.positions.start - 1, len(receipt.positions)) if receipt.positions else []
            assert [fact.position for fact in decided] == list(receipt.positions)
            assert all(fact.stream_id == command.stream_id for fact in decided)

    async def run() -> None:
        await asyncio.gather(*map(caller, calls))

    asyncio.run(run())
    versions: dict[object, int] = {}
    for position, fact in enumerate(ledger.read(0, 10_000), 1):
        assert fact.position == position
        assert fact.version == versions.get(fact.stream_id, 0) + 1
        versions[fact.stream_id] = fact.version
    assert ledger.store.first_out_of_order() is None
    ledger.close()
