"""Followers get every fact once, in order, as soon as it is durable."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from eventsourcing.persistence import StoredEvent

from buildledger.events.fact import Recorded
from buildledger.ledger.ledger import Ledger
from buildledger.ledger.recent import LARGE_BYTES, RecentFacts
from buildledger.ledger.sqlite_connection import FOREIGN_POLL_SECONDS
from buildledger.ledger.store import FactQuery, StoredFact
from buildledger.ledger.store_sqlite import SQLiteFactStore
from tests.ledger.samples import CLOCK, SYSTEM, open_log
from tests.ledger.waiting import DEADLINE_SECONDS


async def collect(ledger: Ledger, after: int, upto: int, batch_facts: int = 500) -> list[int]:
    seen: list[int] = []
    async with asyncio.timeout(DEADLINE_SECONDS):
        async for batch in ledger.tail(batch_facts).after(after):
            assert 0 < len(batch) <= batch_facts
            seen.extend(fact.position for fact in batch)
            if seen[-1] >= upto:
                return seen
    return seen


async def test_a_follower_gets_the_past_and_then_the_present(ledger: Ledger) -> None:
    """Without a gap and without a repetition, whenever it began."""
    for n in range(10):
        await ledger.execute(open_log(f"before {n}"), origin=SYSTEM)
    followers = [asyncio.create_task(collect(ledger, after, 60, size)) for after, size in ((0, 500), (0, 3), (10, 7))]
    await asyncio.gather(*[ledger.execute(open_log(f"now {n}"), origin=SYSTEM) for n in range(50)])
    everything, small, late = await asyncio.gather(*followers)
    assert everything == small == list(range(1, 61))
    assert late == list(range(11, 61))


async def test_old_facts_come_from_the_store(ledger: Ledger, database_url: str) -> None:
    """A ledger that was just opened remembers nothing in memory."""
    for n in range(20):
        await ledger.execute(open_log(str(n)), origin=SYSTEM)
    again = Ledger.open(database_url, clock=CLOCK)
    assert await collect(again, 0, 20, 6) == list(range(1, 21))
    again.close()


async def test_commits_of_another_process_arrive(ledger: Ledger, database_url: str) -> None:
    """By notification, mixed with one's own."""
    other = Ledger.open(database_url, clock=CLOCK)
    follower = asyncio.create_task(collect(ledger, 0, 40))
    for n in range(20):
        await other.execute(open_log(f"other {n}"), origin=SYSTEM)
        await ledger.execute(open_log(f"own {n}"), origin=SYSTEM)
    assert await follower == list(range(1, 41))
    other.close()


class SlowToReturn(SQLiteFactStore):
    """After each commit it gives others time to see it in the file, before the writer knows of it."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._returning = False
        self.seen = threading.Event()
        """Somebody asked for the head in that time."""
        self.facts_read = 0

    def insert_events(self, stored_events: Sequence[StoredEvent], **rest: Any) -> range:
        """Commit, and return late."""
        written = super().insert_events(stored_events, **rest)
        self._returning = True
        self.seen.wait(10 * FOREIGN_POLL_SECONDS)
        self._returning = False
        return written

    def head(self) -> int:
        """The position of the last fact."""
        if self._returning:
            self.seen.set()
        return super().head()

    def select_facts(self, query: FactQuery, limit: int) -> Sequence[StoredFact]:
        """Facts from the file."""
        found = super().select_facts(query, limit)
        self.facts_read += len(found)
        return found


async def test_no_follower_reads_back_what_this_process_writes(tmp_path: Path) -> None:
    """Even if the commit is seen before the writer has said so: a fact may have megabytes, and followers are many."""
    store = SlowToReturn(tmp_path / "ledger.db")
    ledger = Ledger(store, clock=CLOCK)
    followers = [asyncio.create_task(collect(ledger, 0, 1)) for _ in range(3)]
    await ledger.execute(open_log("a"), origin=SYSTEM)
    assert await asyncio.gather(*followers) == [[1]] * 3
    assert (store.facts_read, store.seen.is_set()) == (0, False)
    ledger.close()


async def test_nothing_wakes_who_waits_until_something_happens(ledger: Ledger) -> None:
    """A waiting follower is one pending task and no work; the first commit ends the wait."""
    batches = ledger.tail().after(0)
    waiting = asyncio.ensure_future(anext(batches))
    await asyncio.sleep(0)
    assert not waiting.done()
    await ledger.execute(open_log("a"), origin=SYSTEM)
    async with asyncio.timeout(DEADLINE_SECONDS):
        assert [fact.position for fact in await waiting] == [1]
    await batches.aclose()  # type: ignore[attr-defined]  # an async generator, promised only as an iterator


async def test_facts_need_not_be_decoded_again(ledger: Ledger) -> None:
    """Followers share the very objects that the writer made."""
    await ledger.execute(open_log("a"), origin=SYSTEM)
    (first,) = ledger.read(0, 1)
    (second,) = ledger.read(0, 1)
    assert first is second


async def test_closing_the_ledger_ends_its_followers(database_url: str) -> None:
    """After the last fact, in loops and in threads."""
    ledger = Ledger.open(database_url, clock=CLOCK)
    seen: list[int] = []

    def in_thread() -> None:
        for batch in ledger.tail().after_blocking(0):
            seen.extend(fact.position for fact in batch)

    async def in_loop() -> list[int]:
        return [fact.position async for batch in ledger.tail().after(0) for fact in batch]

    thread = threading.Thread(target=in_thread)
    thread.start()
    task = asyncio.create_task(in_loop())
    for n in range(5):
        await ledger.execute(open_log(str(n)), origin=SYSTEM)
    await asyncio.to_thread(ledger.close)
    async with asyncio.timeout(DEADLINE_SECONDS):
        assert await task == [1, 2, 3, 4, 5]
    thread.join()
    assert seen == [1, 2, 3, 4, 5]


async def test_closing_a_tail_ends_that_follower_only(ledger: Ledger) -> None:
    """From any thread."""
    tail = ledger.tail()
    thread = threading.Thread(target=lambda: list(tail.after_blocking(0)))
    thread.start()
    other = asyncio.create_task(collect(ledger, 0, 1))
    await asyncio.sleep(0)
    tail.close()
    thread.join()
    assert not other.done()
    await ledger.execute(open_log("a"), origin=SYSTEM)
    assert await other == [1]


def test_what_memory_lost_is_known_to_be_lost(ledger: Ledger) -> None:
    """Overwritten and foreign positions are never mistaken for facts that are here."""
    for n in range(8):
        ledger.execute_blocking(open_log(str(n)), origin=SYSTEM)
    facts: list[Recorded] = list(ledger.read(0, 8))
    recent = RecentFacts(size=4)
    assert recent.between(0, 2) is None
    recent.add(facts[:3], [1] * 3)
    assert recent.between(0, 3) == facts[:3]
    recent.add(facts[4:7], [1] * 3)
    assert recent.between(4, 7) == facts[4:7]
    assert recent.between(0, 3) is None
    assert recent.between(2, 5) is None
    assert recent.between(3, 7) is None
    assert recent.between(0, 7) is None
    assert recent.between(7, 7) == []


def test_large_facts_leave_memory_first(ledger: Ledger) -> None:
    """Of large facts only the last stay in memory; the others are read from the store, in order with the small ones."""
    for n in range(6):
        ledger.execute_blocking(open_log(str(n)), origin=SYSTEM)
    facts: list[Recorded] = list(ledger.read(0, 6))
    recent = RecentFacts(large_bytes=2 * LARGE_BYTES)
    recent.add(facts, [LARGE_BYTES, 1, LARGE_BYTES, LARGE_BYTES, 1, 3 * LARGE_BYTES])
    assert recent.between(0, 1) is recent.between(3, 4) is None
    assert recent.between(4, 6) == facts[4:]
