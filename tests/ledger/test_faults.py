"""Kill it, fill its disk, take its database away: nothing acknowledged is lost, and nothing is kept twice."""

from __future__ import annotations

import asyncio
import random
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from eventsourcing.persistence import StoredEvent

from buildledger.audit.verify import verify
from buildledger.domain import log
from buildledger.ledger.database import open_store
from buildledger.ledger.errors import LedgerFormatError, LedgerUnavailable
from buildledger.ledger.ledger import Ledger, recorded
from buildledger.ledger.proof import Tree
from buildledger.ledger.sqlite_connection import connect
from buildledger.ledger.store import CommandRecord, FactQuery
from buildledger.ledger.store_postgresql import PostgresFactStore
from tests.fakes.full_disk import files_no_larger_than
from tests.fakes.postgresql import PostgresqlCluster
from tests.ledger.proxy import Wire
from tests.ledger.samples import CLOCK, SYSTEM, finish_log, log_id, open_log, origin, pause, stored, stream
from tests.ledger.waiting import wait_until

KILLS = 20


def test_killed_at_any_moment_nothing_acknowledged_is_lost(database_url: str) -> None:
    """Twenty times in a row on one database; after each the ledger verifies, and every receipt told the truth."""
    for kill in range(KILLS):
        seed = random.randrange(1 << 32)
        acknowledged = _append_and_kill(database_url, f"k{kill}", random.Random(seed))
        store = open_store(database_url)
        tree = Tree.open(store, database_url)
        tree.catch_up()
        assert verify(store, tree).ok, f"seed {seed}"
        for name, position in acknowledged:
            (fact,) = store.select_facts(FactQuery(after=position - 1), 1)
            assert (fact.stream_id, fact.name) == (log_id(name), "log.finished.v1"), f"seed {seed}"
        tree.close()
        store.close()


def _append_and_kill(url: str, tag: str, chance: random.Random) -> list[tuple[str, int]]:
    """Let the program append for a while, kill -9 it, and return what it had been promised."""
    program = [sys.executable, "-m", "tests.ledger.appender", url, tag]
    acknowledged = []
    with subprocess.Popen(program, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        enough = chance.randrange(1, 300)
        for line in process.stdout:
            name, position = line.split()
            acknowledged.append((name, int(position)))
            if len(acknowledged) == enough:
                process.send_signal(signal.SIGKILL)
    assert len(acknowledged) >= enough
    return acknowledged


@contextmanager
def full_disk(*files: Path) -> Iterator[None]:
    """No file of this process may grow beyond what the largest of these has: writes fail in the kernel."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (max(file.stat().st_size for file in files), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


async def test_a_full_disk_is_loud_and_loses_nothing(tmp_path: Path) -> None:
    """Callers are told, what was acknowledged stays, and it goes on by itself when there is room again."""
    url = f"sqlite:///{tmp_path}/ledger.db"
    ledger = Ledger.open(url, clock=CLOCK)
    kept = [(await ledger.execute(open_log(str(n)), origin=SYSTEM)).position for n in range(20)]
    with full_disk(tmp_path / "ledger.db", tmp_path / "ledger.db-wal"):
        calls = [ledger.execute(open_log(f"full {n}"), pause(f"w{n}"), origin=SYSTEM) for n in range(20)]
        results = await asyncio.gather(*calls, return_exceptions=True)
    assert all(isinstance(result, LedgerUnavailable) for result in results)
    assert ledger.head() == kept[-1]
    receipts = [await ledger.execute(open_log(f"full {n}"), pause(f"w{n}"), origin=SYSTEM) for n in range(20)]
    assert [receipt.positions.start for receipt in receipts] == list(range(21, 61, 2))
    tree = Tree.open(ledger.store, url)
    assert verify(ledger.store, tree).ok
    tree.close()
    ledger.close()


def test_a_database_at_its_size_limit_keeps_what_it_has(tmp_path: Path) -> None:
    """SQLite's own `database or disk is full`, in the middle of a transaction."""
    store = open_store(f"sqlite:///{tmp_path}/ledger.db")
    store.insert_events([stored(stream("a"), 1)])
    writer = store._writer  # type: ignore[attr-defined]  # the limit is a property of the connection
    pages = writer.execute("PRAGMA page_count").fetchone()[0]
    writer.execute(f"PRAGMA max_page_count = {pages + 2}")
    with pytest.raises(Exception, match="full"):
        store.insert_events([stored(stream(str(n)), 1, "x" * 1_000) for n in range(100)])
    assert store.head() == 1
    assert store.insert_events([stored(stream("b"), 1)]) == range(2, 3)
    store.close()


async def test_a_locked_database_is_waited_for(tmp_path: Path) -> None:
    """Another process in the middle of its transaction delays the answer, no more."""
    ledger = Ledger.open(f"sqlite:///{tmp_path}/ledger.db", clock=CLOCK)
    other = connect(tmp_path / "ledger.db")
    other.execute("BEGIN IMMEDIATE")
    call = asyncio.create_task(ledger.execute(open_log("a"), origin=SYSTEM))
    await asyncio.sleep(0)
    other.execute("ROLLBACK")
    other.close()
    assert (await call).position == 1
    ledger.close()


def test_a_later_format_is_not_touched(tmp_path: Path) -> None:
    """A ledger that a later version of Build Ledger has made is refused with both numbers."""
    open_store(f"sqlite:///{tmp_path}/ledger.db").close()
    db = connect(tmp_path / "ledger.db")
    db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(LedgerFormatError, match="format 99"):
        open_store(f"sqlite:///{tmp_path}/ledger.db")
    with pytest.raises(ValueError, match="a ledger lives at"):
        open_store("mysql://localhost/x")


@pytest.fixture
def wire(postgresql: PostgresqlCluster) -> Iterator[Wire]:
    wire = Wire(postgresql.directory)
    yield wire
    wire.close()


@pytest.fixture
def far_url(postgresql_url: str, wire: Wire) -> str:
    """The test's database, by the wire."""
    account, _, rest = postgresql_url.partition("@/")
    return f"{account}@127.0.0.1:{wire.port}/{rest.partition('?')[0]}?sslmode=disable&gssencmode=disable"


class Deaf(PostgresFactStore):
    """A store that never hears the first answer to an append: the wire is cut when it has been written."""

    def __init__(self, url: str, wire: Wire) -> None:
        super().__init__(url)
        self._wire = wire

    def insert_events(
        self, stored_events: Sequence[StoredEvent], *, commands: Sequence[CommandRecord] = (), **_: object
    ) -> range:
        self._wire.swallow_next_answer()
        positions = super().insert_events(stored_events, commands=commands)
        assert self._wire.swallowed.is_set()
        return positions


@pytest.mark.postgresql
async def test_a_lost_acknowledgement_is_no_conflict(far_url: str, wire: Wire, postgresql_url: str) -> None:
    """Committed, but the answer never came: what is stored is recognised, kept once, and acknowledged."""
    ledger = Ledger(Deaf(far_url, wire), clock=CLOCK)
    for commands, expected in (
        ([open_log("a")], range(1, 2)),
        ([finish_log("a"), open_log("b")], range(2, 4)),
        ([open_log("b")], range(4, 4)),
    ):
        receipt = await ledger.execute(*commands, origin=origin())
        assert (receipt.positions, receipt.duplicate) == (expected, False)
    assert ledger.head() == 3
    tree = Tree.open(ledger.store, postgresql_url)
    assert verify(ledger.store, tree).ok
    tree.close()
    ledger.close()


@pytest.mark.postgresql
async def test_a_database_that_goes_away_and_comes_back(far_url: str, wire: Wire) -> None:
    """Loud while it is away, and going on by itself afterwards, followers included."""
    ledger = Ledger.open(far_url, clock=CLOCK)
    await ledger.execute(open_log("a"), origin=SYSTEM)
    wire.cut(refuse=True)
    with pytest.raises(LedgerUnavailable):
        await ledger.execute(open_log("b"), origin=SYSTEM)
    assert ledger.head() == 1
    wire.restore()
    assert (await ledger.execute(open_log("b"), origin=SYSTEM)).position == 2
    other = Ledger.open(far_url, clock=CLOCK)
    await other.execute(open_log("c"), origin=SYSTEM)
    await asyncio.to_thread(wait_until, lambda: ledger.head() == 3)
    other.close()
    ledger.close()


@pytest.mark.postgresql
async def test_cut_connections_are_replaced(far_url: str, wire: Wire) -> None:
    """Callers don't notice that every connection was cut."""
    ledger = Ledger.open(far_url, clock=CLOCK)
    for n in range(10):
        wire.cut(refuse=False)
        assert (await ledger.execute(open_log(str(n)), origin=SYSTEM)).position == n + 1
    assert [fact.position for fact in ledger.read(0, 20)] == list(range(1, 11))
    assert ledger.load(log.AGGREGATE, log_id("5"))[1] == 1
    ledger.close()


@pytest.mark.postgresql
def test_servers_that_start_together_make_one_ledger(postgresql_url: str) -> None:
    """Concurrent migrations don't disturb each other."""
    code = "import sys; from buildledger.ledger.database import open_store; open_store(sys.argv[1]).close()"
    starts = [subprocess.Popen([sys.executable, "-c", code, postgresql_url]) for _ in range(4)]
    assert [start.wait() for start in starts] == [0, 0, 0, 0]
    with psycopg.connect(postgresql_url) as db:
        assert db.execute("SELECT count(*) FROM ledger.format").fetchone() == (1,)


def test_files_that_start_together_make_one_ledger(tmp_path: Path) -> None:
    """The same for SQLite, where the journal mode is changed too."""
    url = f"sqlite:///{tmp_path}/ledger.db"
    code = "import sys; from buildledger.ledger.database import open_store; open_store(sys.argv[1]).close()"
    starts = [subprocess.Popen([sys.executable, "-c", code, url]) for _ in range(4)]
    assert [start.wait() for start in starts] == [0, 0, 0, 0]


async def test_a_fact_that_this_version_does_not_know_stops_the_reader(database_url: str) -> None:
    """With its name; commands on that stream are refused as unavailable, others go on."""
    store = open_store(database_url)
    strange = stored(pause("w").stream_id, 1)
    store.insert_events([type(strange)(strange.originator_id, 1, "worker.teleported.v1", strange.state)])
    ledger = Ledger(store, clock=CLOCK)
    with pytest.raises(ValueError, match=r"worker\.teleported\.v1"):
        ledger.read(0, 10)
    with pytest.raises(ValueError, match=r"worker\.teleported\.v1"):
        recorded(store.select_facts(FactQuery(), 1)[0])
    calls = [ledger.execute(pause(name), origin=SYSTEM) for name in ("w", "v")]
    refused, kept = await asyncio.gather(*calls, return_exceptions=True)
    assert isinstance(refused, LedgerUnavailable)
    assert "worker.teleported.v1" in str(refused)
    assert not isinstance(kept, BaseException)
    ledger.close()


def test_what_a_full_disk_refused_was_not_written(tmp_path: Path) -> None:
    """The caller is told that nothing was recorded, not that nobody knows; and it can be done when there is room."""
    ledger = Ledger.open(f"sqlite:///{tmp_path}/ledger.db", clock=CLOCK)
    try:
        ledger.execute_blocking(open_log("first"), origin=SYSTEM)
        refusals: list[LedgerUnavailable] = []
        with files_no_larger_than(300_000):
            opened = _open_until_refused(ledger, refusals)
        assert [refusal.outcome_unknown for refusal in refusals] == [False]
        assert ledger.write_failure is not None
        assert ledger.store.head() == 1 + opened
        ledger.execute_blocking(open_log("later"), origin=SYSTEM)
        assert ledger.write_failure is None
    finally:
        ledger.close()


def _open_until_refused(ledger: Ledger, refusals: list[LedgerUnavailable]) -> int:
    """How many logs could be opened."""
    for number in range(2_000):
        try:
            ledger.execute_blocking(open_log(str(number), label="x" * 1_000), origin=SYSTEM)
        except LedgerUnavailable as refusal:
            refusals.append(refusal)
            return number
    return 2_000
