"""Several processes on one database: each rule sees the true state, whoever was faster."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from buildledger.audit.verify import verify
from buildledger.domain import worker_rules
from buildledger.domain.config import ApplyConfig, RequireConfig
from buildledger.domain.refusals import ConfigReplacedRefusal, NotFoundRefusal, WorkerUnavailableRefusal
from buildledger.domain.worker import ConnectWorker, EnrollWorker, RequireWorker
from buildledger.events.ids import ServerId, worker_id
from buildledger.events.worker import WorkerPaused, WorkerResumed
from buildledger.ledger.ledger import Ledger
from buildledger.ledger.proof import Tree
from buildledger.ledger.store import FactQuery
from buildledger.ledger.submission import Receipt
from tests.ledger.samples import CLOCK, SYSTEM, finish_log, open_log, origin, pause, resume, stream


@pytest.fixture
def pair(database_url: str) -> Iterator[tuple[Ledger, Ledger]]:
    first, second = Ledger.open(database_url, clock=CLOCK), Ledger.open(database_url, clock=CLOCK)
    yield first, second
    first.close()
    second.close()


async def test_what_a_decision_relies_on_has_not_moved_meanwhile(pair: tuple[Ledger, Ledger]) -> None:
    """What is decided beside a stream that another server moves between decision and commit is decided anew.

    The guard decides nothing, so that no version of the worker could contradict.
    """
    first, second = pair
    await first.execute(EnrollWorker(worker="w", credential_digest="d"), _connected("w"), origin=SYSTEM)
    meanwhile(first, lambda: second.execute_blocking(pause("w"), origin=SYSTEM))
    with pytest.raises(WorkerUnavailableRefusal):
        await first.execute(RequireWorker(worker="w"), open_log("a"), origin=SYSTEM)
    await first.execute(resume("w"), origin=SYSTEM)
    meanwhile(first, lambda: second.execute_blocking(pause("v"), origin=SYSTEM))
    kept = await first.execute(RequireWorker(worker="w"), open_log("a"), origin=SYSTEM)
    assert len(kept.positions) == 1


async def test_a_configuration_that_is_replaced_meanwhile_is_seen(pair: tuple[Ledger, Ledger]) -> None:
    """So is a configuration that another server applies between decision and commit."""
    first, second = pair
    await first.execute(ApplyConfig(digest="one", text="", origin="test"), origin=SYSTEM)
    meanwhile(first, lambda: second.execute_blocking(ApplyConfig(digest="two", text="", origin="test"), origin=SYSTEM))
    with pytest.raises(ConfigReplacedRefusal):
        await first.execute(open_log("a"), RequireConfig(digest="one"), origin=SYSTEM)


async def test_those_who_relied_on_nothing_are_kept(pair: tuple[Ledger, Ledger]) -> None:
    """Of commands that are committed together only those that relied on what has moved are decided anew."""
    first, second = pair
    await first.execute(EnrollWorker(worker="w", credential_digest="d"), _connected("w"), origin=SYSTEM)
    meanwhile(first, lambda: second.execute_blocking(pause("w"), origin=SYSTEM))
    guarded = first.execute(RequireWorker(worker="w"), open_log("a"), origin=SYSTEM)
    others = [first.execute(open_log(name), origin=SYSTEM) for name in ("b", "c")]
    refused, *kept = await asyncio.gather(guarded, *others, return_exceptions=True)
    assert isinstance(refused, WorkerUnavailableRefusal)
    assert all(isinstance(receipt, Receipt) and len(receipt.positions) == 1 for receipt in kept)


def meanwhile(ledger: Ledger, do: Callable[[], object]) -> None:
    """Let something happen between the ledger's next decision and its commit, as another server may do."""
    store, insert = ledger.store, ledger.store.insert_events

    def once(*given: Any, **named: Any) -> range:
        vars(store).pop("insert_events")
        do()
        return insert(*given, **named)

    vars(store)["insert_events"] = once


def _connected(worker: str) -> ConnectWorker:
    return ConnectWorker(
        worker=worker,
        credential_digest=None,
        server_id=ServerId(stream("server")),
        boot_id="",
        instance_id="",
        version="",
        os="",
        arch="",
        labels={},
        capacity=1,
        features=(),
        address="",
    )


async def test_a_cached_state_is_never_older_than_the_others_commit(pair: tuple[Ledger, Ledger]) -> None:
    """Also where the answer is a refusal or nothing, which no version could contradict."""
    first, second = pair
    with pytest.raises(NotFoundRefusal):
        await first.execute(finish_log("a"), origin=SYSTEM)
    await second.execute(open_log("a"), origin=SYSTEM)
    assert (await first.execute(finish_log("a"), origin=SYSTEM)).positions == range(2, 3)
    assert len((await second.execute(finish_log("a"), origin=SYSTEM)).positions) == 0
    for n in range(5):
        await first.execute(pause("w"), origin=SYSTEM)
        await second.execute(resume("w"), origin=SYSTEM)
        assert first.load(worker_rules.AGGREGATE, worker_id("w"))[1] == 2 * n + 2


def test_races_on_one_stream_keep_its_rules(pair: tuple[Ledger, Ledger]) -> None:
    """Pauses and resumes alternate, though two processes fire both as fast as they can."""

    async def fire(ledger: Ledger) -> None:
        for _ in range(30):
            await asyncio.gather(
                *[ledger.execute(command, origin=origin()) for command in (pause("w"), resume("w"), pause("v"))]
            )

    threads = [threading.Thread(target=asyncio.run, args=(fire(ledger),)) for ledger in pair]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    facts = [fact for fact in pair[0].read(0, 10_000) if fact.stream_id == worker_id("w")]
    kinds = [type(fact.fact) for fact in facts]
    assert kinds == [WorkerPaused if n % 2 == 0 else WorkerResumed for n in range(len(kinds))]
    assert [fact.version for fact in facts] == list(range(1, len(facts) + 1))
    assert pair[0].load(worker_rules.AGGREGATE, worker_id("v"))[1] == 1


def test_the_same_command_in_two_processes_is_kept_once(pair: tuple[Ledger, Ledger]) -> None:
    """Exactly one of two servers that get the same delivery records it; both have an answer."""
    origins = [origin() for _ in range(40)]
    answers: list[list[tuple[range, bool]]] = [[], []]

    def deliver(number: int) -> None:
        for n, once in enumerate(origins):
            receipt = pair[number].execute_blocking(pause(f"w{n}"), origin=once)
            answers[number].append((receipt.positions, receipt.duplicate))

    threads = [threading.Thread(target=deliver, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for (mine, mine_again), (others, others_again) in zip(*answers, strict=True):
        assert mine == others
        assert mine_again != others_again
    assert len(pair[0].store.select_facts(FactQuery(), 1_000)) == 40


def test_two_writers_leave_a_ledger_that_verifies(pair: tuple[Ledger, Ledger], database_url: str) -> None:
    """Chain, order and tree, after both have written at once."""

    async def fill(ledger: Ledger, name: str) -> None:
        for n in range(10):
            await asyncio.gather(*[ledger.execute(open_log(f"{name}{n}.{m}"), origin=SYSTEM) for m in range(10)])

    threads = [threading.Thread(target=asyncio.run, args=(fill(pair[n], str(n)),)) for n in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    tree = Tree.open(pair[0].store, database_url)
    assert tree.catch_up() == 200
    assert verify(pair[0].store, tree).ok
    tree.close()
