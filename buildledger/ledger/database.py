"""Which database a URL means, and what the ones beside the ledger have in common."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any, cast

import sqlalchemy as sa
from eventsourcing.persistence import DatabaseError, PersistenceError
from sqlalchemy.dialects import postgresql, sqlite

from buildledger.ledger.sqlite_connection import connect_to_read, empty_write_ahead_log, in_the_way, make_private
from buildledger.ledger.store import FactStore
from buildledger.ledger.store_sqlite import SQLiteFactStore

SQLITE = "sqlite:///"


def open_store(url: str, *, read_only: bool = False) -> FactStore:
    """The ledger at `sqlite:///path` or `postgresql://…`; made when it isn't there, unless it is to be read only.

    Raises:
        LedgerFormatError: If another version made it, or there is none and it is to be read only.
        PersistenceError: If it can't be opened.
        ValueError: For another kind of URL.
    """
    if url.startswith(SQLITE):
        path = Path(url.removeprefix(SQLITE))
        try:
            return SQLiteFactStore(path, read_only=read_only)
        except PersistenceError as error:
            raise type(error)(f"{path}: {error}{in_the_way(path)}") from error
    if url.startswith(("postgresql://", "postgres://")):
        # loaded only where it is used: it costs a tenth of a second at every start
        from buildledger.ledger.store_postgresql import PostgresFactStore

        return PostgresFactStore(url, read_only=read_only)
    msg = f"a ledger lives at sqlite:///path or postgresql://host/name, not at {url!r}"
    raise ValueError(msg)


def open_engine(url: str, name: str, *, read_only: bool = False) -> sa.Engine:
    """A database of its own beside the ledger at `url`: the file `<name>.db`, or the schema of that name.

    Every commit is durable. Tables are defined without a schema. Deleted content is overwritten where the database can.
    One that is to be read only isn't made: where it isn't there, each use raises.
    """
    if url.startswith(SQLITE):
        path = path_beside(url, name)
        if read_only:
            return sa.create_engine(SQLITE, creator=lambda: connect_to_read(path), poolclass=sa.pool.QueuePool)
        make_private(path)
        engine = sa.create_engine(f"{SQLITE}{path}")
        sa.event.listen(engine, "connect", _prepare_sqlite)
        return engine
    plain = url.partition("://")[2]
    # loaded only where it is used: it costs a tenth of a second at every start
    from buildledger.ledger.postgresql_connection import CONNECTION_OPTIONS

    engine = sa.create_engine(
        f"postgresql+psycopg://{plain}",
        connect_args=CONNECTION_OPTIONS,
        execution_options={"schema_translate_map": {None: name}},
        pool_pre_ping=True,
    )
    if read_only:
        return engine
    with engine.begin() as connection:
        connection.execute(sa.text("SELECT pg_advisory_xact_lock(hashtext('buildledger'), hashtext('migrate'))"))
        connection.execute(sa.schema.CreateSchema(name, if_not_exists=True))
    return engine


def close_engine(engine: sa.Engine) -> None:
    """Let go of the database; of SQLite, all of it is in its one file then, as far as nobody else is reading."""
    if engine.dialect.name == "sqlite":
        with suppress(sa.exc.SQLAlchemyError, sqlite3.Error), closing(engine.raw_connection()) as held:
            empty_write_ahead_log(cast("sqlite3.Connection", held.driver_connection))
    engine.dispose()


def path_beside(url: str, name: str) -> Path:
    """The file of a database beside the ledger in the SQLite file at `url`."""
    return Path(url.removeprefix(SQLITE)).with_name(f"{name}.db")


def is_there(url: str, name: str) -> bool:
    """Whether a database of that name was made beside the ledger at `url`."""
    if url.startswith(SQLITE):
        path = path_beside(url, name)
        return path.is_file() and path.stat().st_size > 0
    engine = open_engine(url, name, read_only=True)
    try:
        return name in sa.inspect(engine).get_schema_names()
    finally:
        engine.dispose()


@contextmanager
def unreadable_as_store_error(url: str, name: str) -> Iterator[None]:
    """What a database beside the ledger says of itself when it can't be opened, in the words of the ledger's own.

    Raises:
        DatabaseError
    """
    try:
        yield
    except sa.exc.SQLAlchemyError as error:
        where = path_beside(url, name) if url.startswith(SQLITE) else f"the schema {name} of the database"
        said = str(getattr(error, "orig", None) or error).split("\n")[0]
        said += in_the_way(path_beside(url, name)) if url.startswith(SQLITE) else ""
        raise DatabaseError(f"{where} can't be opened: {said}") from error


def create_tables(engine: sa.Engine, metadata: sa.MetaData) -> None:
    """Make the tables that aren't there, while other processes may be doing the same."""
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(sa.text("SELECT pg_advisory_xact_lock(hashtext('buildledger'), hashtext('migrate'))"))
        metadata.create_all(connection)


def insert(connection: sa.Connection, table: sa.Table) -> postgresql.Insert | sqlite.Insert:
    """An insert that may say what happens on conflict, which is no part of standard SQL but of both databases."""
    return postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)


def _prepare_sqlite(connection: Any, _record: object) -> None:
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "busy_timeout = 5000", "secure_delete = ON"):
        connection.execute(f"PRAGMA {pragma}")
