"""The rows of a read model as they are stored, and as the facts make them: to be compared, neither of them changed."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from buildledger.events.fact import Recorded
from buildledger.ledger.reader import ReaderPosition
from buildledger.ledger.sqlite_connection import connect_to_read
from buildledger.projections.columns import SCHEMA
from buildledger.projections.projection import Projection, ProjectionWriter

FETCH_ROWS = 2_000
ASIDE_CACHE_KIB = 64_000

RawRow = dict[str, Any]
"""The values of a row as every database gives them: UUIDs as bytes, true and false as numbers."""
Group = tuple[Any, list[RawRow]]
"""All rows of a table that begin at one position."""


class StoredRows:
    """One state of a stored read model, whoever goes on writing to it. Raises SQLAlchemy's errors if it is damaged."""

    def __init__(self, connection: sa.Connection, projection: Projection) -> None:
        self._connection = connection
        position = ReaderPosition(sa.MetaData(schema=SCHEMA), projection.NAME)
        self.position = position.read(connection)
        """Up to where the rows say everything, as it says itself."""

    def groups(self, table: sa.Table) -> Iterator[Group]:
        """The rows of a table, in the order of the positions that they begin at."""
        return _groups(self._connection, table, sa.true())


@contextmanager
def stored_rows(directory: Path, database: str | None, projection: Projection) -> Iterator[StoredRows | None]:
    """The generation in use, in `directory` or in the PostgreSQL database of that URL; None if there is none.

    Raises:
        SQLAlchemyError: It can't be read.
    """
    engine = _sqlite(directory, projection) if database is None else _postgresql(database, projection)
    if engine is None:
        yield None
        return
    try:
        with engine.connect() as connection, connection.begin():
            yield StoredRows(connection, projection)
    finally:
        engine.dispose()


class RowsAside:
    """Rows made from facts in a database of their own, which is gone when this is closed."""

    def __init__(self, projection: Projection) -> None:
        self.projection = projection
        self._engine = sa.create_engine(
            "sqlite://",
            creator=_connect_aside,
            poolclass=sa.pool.StaticPool,
            execution_options={"schema_translate_map": {SCHEMA: None}},
        )
        sa.event.listen(self._engine, "begin", _begin)
        self._connection = self._engine.connect()
        self._writer: ProjectionWriter | None = None
        with self._connection.begin():
            projection.METADATA.create_all(self._connection)

    def apply(self, facts: Sequence[Recorded]) -> None:
        """Write what the facts mean; after an exception nothing of them is written.

        Raises:
            Exception: Whatever the projection raises.
        """
        if self._writer is None:
            self._writer = self.projection.writer()
        try:
            with self._connection.begin():
                self._writer.apply(self._connection, facts)
        except BaseException:
            self._writer = None
            raise

    def groups(self, table: sa.Table, last: int) -> Iterator[Group]:
        """The rows of a table that begin at `last` at the latest, in the order of the positions that they begin at."""
        return _groups(self._connection, table, begin_column(table) <= last)

    def close(self) -> None:
        """Let go of the rows."""
        self._connection.close()
        self._engine.dispose()


def begin_column(table: sa.Table) -> sa.Column[Any]:
    """Which column says from which position on a row holds."""
    return table.c.since if "until" in table.c else next(iter(table.primary_key))


def key_columns(table: sa.Table) -> Sequence[str]:
    """By which columns a row is known among those that begin at the same position."""
    if "until" not in table.c:
        return [column.name for column in table.primary_key]
    (history,) = (index for index in table.indexes if index.name == f"{table.name}_history")
    return [column.name for column in history.columns if column.name != "since"]


def _groups(connection: sa.Connection, table: sa.Table, where: sa.ColumnElement[bool]) -> Iterator[Group]:
    begin = begin_column(table)
    # as the database has it: a damaged value is to be shown, not to be decoded
    columns = [sa.type_coerce(column, sa.types.NullType()).label(column.name) for column in table.columns]
    query = sa.select(*columns).where(where).order_by(begin)
    rows = connection.execution_options(yield_per=FETCH_ROWS).execute(query).mappings()
    raw = ({name: _plain(value) for name, value in row.items()} for row in rows)
    for position, group in groupby(raw, key=itemgetter(begin.name)):
        yield position, list(group)


def _plain(value: object) -> object:
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, memoryview):
        return bytes(value)
    return value.bytes if isinstance(value, UUID) else value


def _sqlite(directory: Path, projection: Projection) -> sa.Engine | None:
    stem = f"{projection.NAME}.v{projection.VERSION}"
    try:
        generation = int((directory / f"{stem}.current").read_text())
    except FileNotFoundError:
        generation = 1
    except (OSError, ValueError):
        # the server refuses to start with it, and says so; whatever is there is compared
        found = [re.fullmatch(rf"{re.escape(stem)}\.g(\d+)\.db", path.name) for path in directory.iterdir()]
        generation = max((int(match[1]) for match in found if match), default=1)
    path = directory / f"{stem}.g{generation}.db"
    if not path.is_file():
        return None
    return sa.create_engine(
        "sqlite://",
        creator=lambda: connect_to_read(path),
        poolclass=sa.pool.StaticPool,
        execution_options={"schema_translate_map": {SCHEMA: None}},
    )


def _postgresql(database: str, projection: Projection) -> sa.Engine | None:
    # loaded only where it is used: it costs a tenth of a second at every start
    from buildledger.ledger.postgresql_connection import CONNECTION_OPTIONS

    stem = f"view_{projection.NAME}_v{projection.VERSION}"
    engine = sa.create_engine(
        sa.make_url(database).set(drivername="postgresql+psycopg"),
        connect_args=CONNECTION_OPTIONS,
        isolation_level="REPEATABLE READ",
    )
    generation = 1
    with engine.connect() as connection:
        inspector = sa.inspect(connection)
        if inspector.has_table("view_generation"):
            chosen = sa.text("SELECT generation FROM view_generation WHERE view = :view")
            generation = connection.scalar(chosen, {"view": stem}) or 1
        there = inspector.has_schema(f"{stem}_g{generation}")
    if not there:
        engine.dispose()
        return None
    return engine.execution_options(schema_translate_map={SCHEMA: f"{stem}_g{generation}"})


def _connect_aside() -> sqlite3.Connection:
    # without a name: SQLite keeps it in memory and beyond that in a file that nobody else sees
    connection = sqlite3.connect("", isolation_level=None, check_same_thread=False)
    for pragma in ("journal_mode = MEMORY", "synchronous = OFF", f"cache_size = -{ASIDE_CACHE_KIB}"):
        connection.execute(f"PRAGMA {pragma}")
    return connection


def _begin(connection: sa.Connection) -> None:
    connection.exec_driver_sql("BEGIN")
