"""Leases of servers in a real PostgreSQL: who lives, who leads, and what becomes of who is cut off."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from uuid import uuid4

import psycopg
import pytest

from buildledger.events.ids import ServerId
from buildledger.ledger.errors import StoreError
from buildledger.servers.entries import LostServer, ServerEntry, Singleton, StoreEntry
from buildledger.servers.leading import lead
from buildledger.servers.lease_session import HeldForDeadError, LeaseSession
from buildledger.servers.shared import SharedServers
from tests.fakes.servers import alone, entry

pytestmark = pytest.mark.postgresql
WANTED = frozenset({Singleton.REACTORS, Singleton.POLLERS})
FAILOVER_SECONDS = 5.0
"""What is promised."""


class Started:
    """Servers of one database, and what they record."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.lost: list[tuple[ServerId, int]] = []
        self.returned: list[int] = []
        self.polled: list[str] = []
        self._servers: list[SharedServers] = []

    def server(self, known: ServerEntry) -> SharedServers:
        """One that has started."""

        def lost(server_id: ServerId, term: int) -> None:
            self.lost.append((server_id, term))

        started = SharedServers(
            self.url, known, WANTED, lost=lost, returned=self.returned.append, poll=self.polled.append
        )
        started.start()
        self._servers.append(started)
        return started

    def end_session(self, known: ServerEntry) -> None:
        """Let the database end a server's session, as when its line breaks."""
        with psycopg.connect(self.url, dbname="postgres", autocommit=True) as db:
            db.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = %s",
                (f"buildledger server {known.server_id}"[:63],),
            )

    def let_in(self, allowed: bool) -> None:
        """Whether the database takes new connections."""
        name = psycopg.conninfo.conninfo_to_dict(self.url)["dbname"]
        with psycopg.connect(self.url, dbname="postgres", autocommit=True) as db:
            db.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS {allowed}'.encode())

    def close(self) -> None:
        """Stop them all."""
        for each in self._servers:
            each.stop()


@pytest.fixture
def started(postgresql_url: str) -> Iterator[Started]:
    servers = Started(postgresql_url)
    yield servers
    servers.close()


def new(name: str = "") -> ServerEntry:
    """A server that nobody knows yet, in a directory of its own."""
    return entry(ServerId(uuid4()), state=f"/var/{name or uuid4()}", store=name or str(uuid4()))


def until(condition: Callable[[], object], seconds: float = 20.0) -> float:
    """Wait until it is so; how long that took."""
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < seconds
        time.sleep(0.02)
    return time.monotonic() - began


def leads_all(servers: SharedServers) -> bool:
    """Whether it leads whatever can be led."""
    return all(servers.leads(each) for each in WANTED)


def test_one_leads_and_the_next_takes_over(started: Started) -> None:
    """Whoever comes first leads; when it stops in good order the other leads at once, and nobody was lost."""
    first, second = started.server(new()), started.server(new())
    assert leads_all(first)
    assert not any(second.leads(each) for each in WANTED)
    until(lambda: len(first.entries()) == 2)
    assert [each.leads for each in first.entries()] == [("pollers", "reactors"), ()]
    assert [(each.leads_since is not None, each.serves_since is not None) for each in first.entries()] == [
        (True, True),
        (False, True),
    ]
    first.stop()
    assert not any(first.leads(each) for each in WANTED)
    until(lambda: leads_all(second))
    until(lambda: len(second.entries()) == 1)
    assert started.lost == []


def test_whoever_polls_hears_that_a_source_has_changed(started: Started) -> None:
    """A hint that comes to one server reaches them all."""
    started.server(new())
    started.server(new()).ask_poll("widget")
    until(lambda: started.polled == ["widget", "widget"])


def test_a_server_whose_session_ends_leads_no_longer(started: Started) -> None:
    """Back in a moment it has stopped what it led, another may lead that, and nobody holds it for dead."""
    mine = new()
    first, second = started.server(mine), started.server(new())
    started.end_session(mine)
    until(lambda: first.trouble is not None or not leads_all(first))
    until(lambda: first.trouble is None)
    until(lambda: all(first.leads(each) != second.leads(each) for each in WANTED))
    assert second.serves(mine.server_id)
    assert (started.lost, started.returned) == ([], [])


def test_who_cannot_reach_the_database_leads_nothing(started: Started) -> None:
    """From the moment that its session has ended, whether or not it can begin another."""
    mine = new()
    server = started.server(mine)
    started.let_in(False)
    started.end_session(mine)
    until(lambda: server.trouble is not None)
    assert not any(server.leads(each) for each in WANTED)
    started.let_in(True)
    until(lambda: leads_all(server))


def test_a_server_that_is_gone_is_held_for_dead(started: Started) -> None:
    """One that had a session and has none any more is recorded as lost, once, by whichever is there."""
    gone = new()
    session = LeaseSession(started.url, gone, is_first=True)
    session.renew(WANTED)
    first, second = started.server(new()), started.server(new())
    assert not leads_all(first)
    session.close()
    until(lambda: leads_all(first) or leads_all(second), FAILOVER_SECONDS)
    until(lambda: started.lost)
    until(lambda: not first.serves(gone.server_id) and len(first.entries()) == 2)
    assert set(started.lost) == {(gone.server_id, 1)}
    until(lambda: [each.server_id for each in first.lost()] == [gone.server_id])
    third = started.server(replace(new(), state=gone.state, store=gone.store))
    until(lambda: third.lost() == first.lost() == ())


def test_an_earlier_process_of_the_same_directory_is_dead_for_certain(started: Started) -> None:
    """Nobody waits for its silence: its directory is locked by the one that starts."""
    killed = LeaseSession(started.url, new("here"), is_first=True)
    killed.close()
    started.server(new("here"))
    assert [term for _, term in started.lost] == [1]


def test_a_server_that_was_held_for_dead_says_that_it_serves_again(started: Started) -> None:
    """Frozen for longer than its lease, it notices when it goes on, and begins its next term."""
    mine = new()
    first = started.server(mine)
    with psycopg.connect(started.url, autocommit=True) as db:
        db.execute("UPDATE servers.server SET lost = true WHERE server_id = %s", (mine.server_id,))
    until(lambda: started.returned == [1])
    until(lambda: leads_all(first))
    until(lambda: first.entries()[0].term == 2)


def test_the_database_ends_a_silent_session(started: Started) -> None:
    """A process that is frozen while it leads holds its locks for no longer than its lease."""
    frozen = LeaseSession(started.url, new(), is_first=True)
    frozen.renew(WANTED)
    second = started.server(new())
    until(lambda: leads_all(second), FAILOVER_SECONDS + 3)
    with pytest.raises((psycopg.Error, HeldForDeadError)):
        frozen.renew(WANTED)


async def test_work_is_cancelled_when_it_is_led_no_longer() -> None:
    """It begins when the server leads it, ends at once when it doesn't, and begins anew."""
    servers, log = Switch(), list[str]()

    async def work() -> None:
        log.append("begins")
        try:
            await asyncio.Event().wait()
        finally:
            log.append("ends")

    task = asyncio.create_task(lead(servers, Singleton.REACTORS, work))
    for is_leading in (True, False, True):
        before = len(log)
        servers.is_leading = is_leading
        async with asyncio.timeout(FAILOVER_SECONDS):
            while len(log) == before:  # noqa: ASYNC110 - what is awaited sets nothing
                await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert log == ["begins", "ends", "begins", "ends"]


async def test_work_begins_anew_when_the_database_was_away() -> None:
    """Its absence ends nothing for good; whatever else goes wrong is told."""
    errors = [StoreError("the server closed the connection"), ValueError("a fault")]
    with pytest.raises(ValueError, match="a fault"):
        await lead(alone(), Singleton.REACTORS, lambda: fail(errors))
    assert errors == []


class Switch:
    """Says by hand whether the server leads."""

    trouble = None

    def __init__(self) -> None:
        self.is_leading = False

    def serves(self, server_id: ServerId) -> bool:
        """Nobody does."""
        return False

    def leads(self, singleton: Singleton) -> bool:
        """As it was set."""
        return self.is_leading

    def entries(self) -> tuple[ServerEntry, ...]:
        """None is known."""
        return ()

    def ask_poll(self, source: str) -> None:
        """Nobody hears it."""

    def lost(self) -> tuple[LostServer, ...]:
        """None is known."""
        return ()

    def other_stores(self) -> tuple[StoreEntry, ...]:
        """There are none."""
        return ()


async def fail(errors: list[Exception]) -> None:
    """Raise the next one."""
    raise errors.pop(0)
