"""Rows and position in one transaction: every fact is read exactly once, whoever competes and dies."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

import pytest
import sqlalchemy as sa

from buildledger.events.fact import Recorded
from buildledger.ledger.follow import Tail
from buildledger.ledger.ledger import Ledger
from buildledger.ledger.reader import PositionConflict, ReaderPosition
from tests.ledger.samples import CLOCK, SYSTEM, open_log
from tests.ledger.waiting import wait_until

METADATA = sa.MetaData()
POSITION = ReaderPosition(METADATA, "collector")
SEEN = sa.Table("seen", METADATA, sa.Column("position", sa.BigInteger, nullable=False))


class Collector:
    """A reader whose rows are the positions it has read; without a key, so that nothing hides a second reading."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def position(self) -> int:
        with self._engine.connect() as connection:
            return POSITION.read(connection)

    def apply(self, expected: int, facts: Sequence[Recorded]) -> None:
        with self._engine.begin() as connection:
            POSITION.move(connection, expected, facts[-1].position)
            connection.execute(sa.insert(SEEN), [{"position": fact.position} for fact in facts])

    def seen(self) -> list[int]:
        with self._engine.connect() as connection:
            return list(connection.scalars(sa.select(SEEN.c.position).order_by(SEEN.c.position)))


@pytest.fixture
def engine(database_url: str, tmp_path: Path) -> sa.Engine:
    url = database_url.replace("postgresql://", "postgresql+psycopg://")
    engine = sa.create_engine(f"sqlite:///{tmp_path}/rows.db" if url.startswith("sqlite") else url)
    METADATA.create_all(engine)
    with engine.begin() as connection:
        POSITION.create(connection)
    return engine


def test_positions_move_by_compare_and_set(engine: sa.Engine) -> None:
    """Only who knows where the reader stands can move it."""
    with engine.begin() as connection:
        POSITION.move(connection, 0, 5)
        POSITION.move(connection, 5, 7)
        assert POSITION.read(connection) == 7
    for expected in (0, 5, 8):
        with pytest.raises(PositionConflict), engine.begin() as connection:
            POSITION.move(connection, expected, 9)
    engine.dispose()


def test_a_position_is_created_once(engine: sa.Engine) -> None:
    """A second process that opens the same database leaves the position where it is."""
    with engine.begin() as connection:
        POSITION.move(connection, 0, 5)
        POSITION.create(connection)
        assert POSITION.read(connection) == 5
    engine.dispose()


def _run(reader: Collector, tail: Tail) -> None:
    """Feed the reader in this thread until the tail is closed; when another one was faster, go on behind it."""
    while True:
        position = reader.position()
        try:
            for facts in tail.after_blocking(position):
                reader.apply(position, facts)
                position = facts[-1].position
        except PositionConflict:
            continue
        return


def test_two_competing_runners_read_every_fact_once(database_url: str, engine: sa.Engine) -> None:
    """Two runners of one reader, with facts arriving meanwhile."""
    ledger = Ledger.open(database_url, clock=CLOCK)
    total = 300
    for number in range(total // 2):
        ledger.execute_blocking(open_log(f"before {number}"), origin=SYSTEM)
    tails = [ledger.tail(batch_facts=7) for _ in range(2)]
    runners = [threading.Thread(target=_run, args=(Collector(engine), tail)) for tail in tails]
    for runner in runners:
        runner.start()
    for number in range(total // 2):
        ledger.execute_blocking(open_log(f"meanwhile {number}"), origin=SYSTEM)
    collector = Collector(engine)
    follower = ledger.tail()
    for facts in follower.after_blocking(0):
        if facts[-1].position == total:
            break
    wait_until(lambda: collector.position() == total)
    for tail in tails:
        tail.close()
    for runner in runners:
        runner.join()
    assert collector.seen() == list(range(1, total + 1))
    ledger.close()
    engine.dispose()


def test_a_reader_that_fails_stops_where_it_is(database_url: str, engine: sa.Engine) -> None:
    """Nothing is skipped and nothing is half written."""

    class Failing(Collector):
        def apply(self, expected: int, facts: Sequence[Recorded]) -> None:
            if facts[-1].position > 3:
                raise ArithmeticError
            super().apply(expected, facts)

    ledger = Ledger.open(database_url, clock=CLOCK)
    for number in range(5):
        ledger.execute_blocking(open_log(str(number)), origin=SYSTEM)
    with pytest.raises(ArithmeticError):
        _run(Failing(engine), ledger.tail(batch_facts=1))
    assert Failing(engine).seen() == [1, 2, 3]
    ledger.close()
    engine.dispose()
