"""Rows and position in one transaction: every fact is read exactly once, whoever competes and dies."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

import pytest
import sqlalchemy as sa

from buildledger.events.fact import Recorded
from buildledger.ledger.ledger import Ledger
from buildledger.ledger.reader import Overtaken, move_position, position_of, position_table, run_reader
from tests.ledger.samples import CLOCK, SYSTEM, open_log
from tests.ledger.waiting import wait_until

METADATA = sa.MetaData()
POSITIONS = position_table(METADATA)
SEEN = sa.Table("seen", METADATA, sa.Column("position", sa.BigInteger, nullable=False))


class Collector:
    """A reader whose rows are the positions it has read; without a key, so that nothing hides a second reading."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def position(self) -> int:
        with self._engine.connect() as connection:
            return position_of(connection, POSITIONS, "collector")

    def apply(self, expected: int, facts: Sequence[Recorded]) -> None:
        with self._engine.begin() as connection:
            move_position(connection, POSITIONS, "collector", expected, facts[-1].position)
            connection.execute(sa.insert(SEEN), [{"position": fact.position} for fact in facts])

    def seen(self) -> list[int]:
        with self._engine.connect() as connection:
            return list(connection.scalars(sa.select(SEEN.c.position).order_by(SEEN.c.position)))


@pytest.fixture
def engine(database_url: str, tmp_path: Path) -> sa.Engine:
    url = database_url.replace("postgresql://", "postgresql+psycopg://")
    engine = sa.create_engine(f"sqlite:///{tmp_path}/rows.db" if url.startswith("sqlite") else url)
    METADATA.create_all(engine)
    return engine


def test_positions_move_by_compare_and_set(engine: sa.Engine) -> None:
    """Only who knows where the reader stands can move it."""
    with engine.begin() as connection:
        move_position(connection, POSITIONS, "r", 0, 5)
        move_position(connection, POSITIONS, "r", 5, 7)
        assert position_of(connection, POSITIONS, "r") == 7
        assert position_of(connection, POSITIONS, "other") == 0
    for expected in (0, 5, 8):
        with pytest.raises(Overtaken), engine.begin() as connection:
            move_position(connection, POSITIONS, "r", expected, 9)
    with pytest.raises(Overtaken), engine.begin() as connection:
        move_position(connection, POSITIONS, "absent", 3, 9)
    engine.dispose()


def test_two_competing_runners_read_every_fact_once(database_url: str, engine: sa.Engine) -> None:
    """Two runners of one reader, with facts arriving meanwhile."""
    ledger = Ledger.open(database_url, clock=CLOCK)
    total = 300
    for number in range(total // 2):
        ledger.execute_blocking(open_log(f"before {number}"), origin=SYSTEM)
    tails = [ledger.tail(batch_facts=7) for _ in range(2)]
    runners = [threading.Thread(target=run_reader, args=(Collector(engine), tail)) for tail in tails]
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
        run_reader(Failing(engine), ledger.tail(batch_facts=1))
    assert Failing(engine).seen() == [1, 2, 3]
    ledger.close()
    engine.dispose()
