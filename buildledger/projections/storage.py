"""Where views live: a SQLite file or a PostgreSQL schema for each generation of each projection.

Which generation is in use is one small record that is replaced atomically, so that a view can be built beside the live
one and take its place between two reads.
"""

from __future__ import annotations

import os
import re
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.pool import QueuePool

from buildledger.ledger.errors import StoreError
from buildledger.projections.columns import SCHEMA
from buildledger.projections.projection import Projection
from buildledger.projections.view import View

DELETE_VIEWS = "stop the server and delete `views/`: the read models are made again from the facts"
READERS = 8
"""Connections that wait for the next read, for each view; more are made and thrown away under load."""
READERS_EXTRA = 32
SHARED_READERS_EXTRA = 4
"""Of connections to PostgreSQL, beside two for each view: all servers share them, a hundred by default."""
BUSY_MILLISECONDS = 10_000


class ViewStorage(ABC):
    """Where the databases of the views are made, found and deleted. Thread-safe."""

    @abstractmethod
    def current(self, projection: Projection) -> int:
        """The generation that is in use; 1 when nobody has chosen."""

    @abstractmethod
    def use(self, projection: Projection, generation: int) -> None:
        """Let this generation be the one in use from here on, atomically and durably."""

    @abstractmethod
    def open(self, projection: Projection, generation: int) -> View:
        """The view of this generation; made, empty, when it isn't there."""

    @abstractmethod
    def generations(self, projection: Projection) -> list[int]:
        """The numbers of all generations that are stored, in use or not."""

    @abstractmethod
    def drop(self, projection: Projection, generation: int) -> None:
        """Delete a generation; it must not be in use."""

    def close(self) -> None:  # noqa: B027 - only some have something to let go of
        """Let go of what the storage itself holds; views are closed by whoever opened them."""


def open_storage(directory: Path, database: str | None) -> ViewStorage:
    """Views in `directory`, or in the PostgreSQL database of that URL."""
    return SqliteViews(directory) if database is None else PostgresViews(database)


class SqliteViews(ViewStorage):
    """A file for each generation: `status.v1.g3.db`. `status.v1.current` names the one in use."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        directory.mkdir(parents=True, exist_ok=True)

    def current(self, projection: Projection) -> int:
        """See `ViewStorage`."""
        try:
            return int(self._pointer(projection).read_text())
        except FileNotFoundError:
            return 1
        except ValueError:
            raise StoreError(f"{self._pointer(projection)} holds no number; {DELETE_VIEWS}") from None

    def use(self, projection: Projection, generation: int) -> None:
        """See `ViewStorage`."""
        pointer = self._pointer(projection)
        draft = pointer.with_suffix(".draft")
        with draft.open("w") as file:
            file.write(str(generation))
            file.flush()
            os.fsync(file.fileno())
        draft.replace(pointer)

    def open(self, projection: Projection, generation: int) -> View:
        """See `ViewStorage`."""
        url = sa.URL.create("sqlite", database=str(self._file(projection, generation)))
        return View(projection, generation, _sqlite_engine(url, writes=True), _sqlite_engine(url, writes=False))

    def generations(self, projection: Projection) -> list[int]:
        """See `ViewStorage`."""
        name = re.compile(rf"{projection.NAME}\.v{projection.VERSION}\.g(\d+)\.db")
        return sorted(int(match[1]) for path in self._directory.iterdir() if (match := name.fullmatch(path.name)))

    def drop(self, projection: Projection, generation: int) -> None:
        """See `ViewStorage`."""
        file = self._file(projection, generation)
        for suffix in ("", "-wal", "-shm"):
            file.with_name(file.name + suffix).unlink(missing_ok=True)

    def _file(self, projection: Projection, generation: int) -> Path:
        return self._directory / f"{projection.NAME}.v{projection.VERSION}.g{generation}.db"

    def _pointer(self, projection: Projection) -> Path:
        return self._directory / f"{projection.NAME}.v{projection.VERSION}.current"


def _sqlite_engine(url: sa.URL, *, writes: bool) -> sa.Engine:
    engine = sa.create_engine(
        url,
        poolclass=QueuePool,
        pool_size=1 if writes else READERS,
        max_overflow=0 if writes else READERS_EXTRA,
        connect_args={"check_same_thread": False},
        execution_options={"schema_translate_map": {SCHEMA: None}},
    )

    @sa.event.listens_for(engine, "connect")
    def _tune(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # transactions begin where SQLAlchemy says, not where sqlite3 guesses
        pragmas = ["journal_mode=WAL", "synchronous=NORMAL", f"busy_timeout={BUSY_MILLISECONDS}", "temp_store=MEMORY"]
        # a view can be built again from the ledger: losing its last transactions in a power cut loses nothing
        pragmas += ["cache_size=-32000"] if writes else ["query_only=ON", "cache_size=-4000", "mmap_size=268435456"]
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}")

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


class PostgresViews(ViewStorage):
    """A schema for each generation: `view_status_v1_g3`. The table `view_generation` names those in use."""

    def __init__(self, url: str) -> None:
        self._url = sa.make_url(url).set(drivername="postgresql+psycopg")
        self._admin = self._engine(pool_size=1, max_overflow=4)
        self._pointers = sa.Table(
            "view_generation",
            sa.MetaData(),
            sa.Column("view", sa.Text, primary_key=True),
            sa.Column("generation", sa.BigInteger, nullable=False),
        )
        with self._admin.begin() as connection:
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(hashtext('buildledger view_generation'))")
            self._pointers.create(connection, checkfirst=True)

    def current(self, projection: Projection) -> int:
        """See `ViewStorage`."""
        pointers = self._pointers
        with self._admin.begin() as connection:
            chosen = connection.scalar(sa.select(pointers.c.generation).where(pointers.c.view == _stem(projection)))
        return 1 if chosen is None else int(chosen)

    def use(self, projection: Projection, generation: int) -> None:
        """See `ViewStorage`."""
        pointers = self._pointers
        with self._admin.begin() as connection:
            connection.execute(pointers.delete().where(pointers.c.view == _stem(projection)))
            connection.execute(pointers.insert().values(view=_stem(projection), generation=generation))

    def open(self, projection: Projection, generation: int) -> View:
        """See `ViewStorage`."""
        schema = f"{_stem(projection)}_g{generation}"
        with self._admin.begin() as connection:
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(hashtext('buildledger view schema'))")
            connection.execute(sa.schema.CreateSchema(schema, if_not_exists=True))
        translated = {"schema_translate_map": {SCHEMA: schema}}
        writer = self._engine(pool_size=1, max_overflow=0, execution_options=translated)
        reader = self._engine(
            pool_size=2,
            max_overflow=SHARED_READERS_EXTRA,
            isolation_level="REPEATABLE READ",
            execution_options=translated,
        )
        return View(projection, generation, writer, reader, shared=True)

    def _engine(self, **options: Any) -> sa.Engine:
        # loaded only where it is used: it costs a tenth of a second at every start
        from buildledger.ledger.postgresql_connection import CONNECTION_OPTIONS

        return sa.create_engine(self._url, pool_pre_ping=True, connect_args=CONNECTION_OPTIONS, **options)

    def generations(self, projection: Projection) -> list[int]:
        """See `ViewStorage`."""
        prefix = f"{_stem(projection)}_g"
        with self._admin.begin() as connection:
            schemas = sa.inspect(connection).get_schema_names()
        return sorted(int(name.removeprefix(prefix)) for name in schemas if re.fullmatch(rf"{prefix}\d+", name))

    def drop(self, projection: Projection, generation: int) -> None:
        """See `ViewStorage`."""
        with self._admin.begin() as connection:
            connection.execute(sa.schema.DropSchema(f"{_stem(projection)}_g{generation}", cascade=True, if_exists=True))

    def close(self) -> None:
        """See `ViewStorage`."""
        self._admin.dispose()


def _stem(projection: Projection) -> str:
    return f"view_{projection.NAME}_v{projection.VERSION}"
