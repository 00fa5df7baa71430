"""Rows in PostgreSQL are altered by SQL, a value or a row at a time: `audit verify` has to find and to name it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any, NamedTuple
from uuid import UUID

import psycopg
from psycopg.sql import SQL, Identifier

from buildledger.audit.installation import stored_installation
from buildledger.audit.report import Report
from buildledger.ledger.errors import LedgerFormatError, StoreError
from tests.fakes.postgresql import ACCOUNT, PostgresqlCluster, postgresql_cluster
from tests.faults.altering import flipped
from tests.faults.lived_in import lived_in
from tests.faults.loop import LoopOptions, LoopOutcome
from tests.faults.loops.alterations import TRACEBACK, UNNAMED, UNSEEN

KINDS = (UNSEEN, UNNAMED, TRACEBACK)
BUILDS = 2
SAY_EVERY = 50
LIVED, ALTERED = "lived", "altered"
DELETED = 0.15
"""How often a row is deleted instead of changed."""
PASSING = frozenset(
    {
        "servers.lost",
        "servers.server",
        "servers.shown_once",
        "servers.store",
        "public.view_generation",
        "ledger.format",
    }
)
"""What is right whatever it is, or is made anew: leases of servers, and which read model is in use."""
CONTINUED = "reader_position"
"""Where something goes on that follows the facts: between two that it wants it is right wherever it stands."""


class Column(NamedTuple):
    """A column of some table."""

    table: str
    name: str
    type: str


class LivedIn:
    """A cluster with a database in which a server has built something, and the server's state directory."""

    def __init__(self, cluster: PostgresqlCluster, directory: Path) -> None:
        self.cluster = cluster
        with self.administration() as db:
            db.execute(SQL("CREATE DATABASE {}").format(Identifier(LIVED)))
        self.state = lived_in(directory, BUILDS, self.url(LIVED))
        with self.connection(LIVED) as db:
            self.columns = _columns(db)

    def url(self, database: str) -> str:
        """Where a database is."""
        return f"postgresql://{ACCOUNT}@/{database}?host={self.cluster.directory}"

    @contextmanager
    def administration(self) -> Iterator[psycopg.Connection[Any]]:
        """A connection to no database of ours."""
        with self.connection("postgres") as db:
            yield db

    @contextmanager
    def connection(self, database: str) -> Iterator[psycopg.Connection[Any]]:
        """An administrator's connection: no trigger keeps it from anything."""
        with psycopg.connect(self.url(database), autocommit=True) as db:
            db.execute("SET session_replication_role = replica")
            yield db

    def copy(self) -> None:
        """A database `altered` that has what `lived` has."""
        with self.administration() as db:
            db.execute(SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(Identifier(ALTERED)))
            db.execute(SQL("CREATE DATABASE {} TEMPLATE {}").format(Identifier(ALTERED), Identifier(LIVED)))

    def verified(self, database: str) -> Report:
        """What the audit says."""
        with stored_installation(self.state, self.url(database)) as stored:
            return stored.verify()


@contextmanager
def lived_in_cluster(directory: Path) -> Iterator[LivedIn]:
    """One that is gone afterwards."""
    with postgresql_cluster() as cluster:
        yield LivedIn(cluster, directory / "lived")


def of_rows(options: LoopOptions) -> LoopOutcome:
    """Alter a value of each column in turn, or delete its row."""
    outcome = LoopOutcome()
    with lived_in_cluster(options.directory) as lived:
        for number in range(options.count):
            alter_row(lived, number, f"{options.seed}-{number}", outcome)
            if outcome.done % SAY_EVERY == 0:
                options.say(f"{outcome.done} of {options.count}")
        outcome.note = f"{len(lived.columns)} columns of {len({column.table for column in lived.columns})} tables"
    return outcome


def alter_row(lived: LivedIn, number: int, seed: str, outcome: LoopOutcome) -> None:
    """Alter a value in a copy of the database, and note if the audit didn't see or name it."""
    random = Random(seed)
    column = lived.columns[number % len(lived.columns)]
    lived.copy()
    with lived.connection(ALTERED) as db:
        what = _altered(db, column, random)
    outcome.done += 1
    about = f"{column.table}: {what} (seed {seed})"
    try:
        report = lived.verified(ALTERED)
    except (LedgerFormatError, StoreError):
        return
    except Exception as error:
        outcome.add(TRACEBACK, f"{about}: {type(error).__name__}: {error}")
        return
    if report.ok:
        outcome.add(UNSEEN, about)
    elif column.table.startswith("view_") and f"table {column.table.split('.')[1]}" not in report.to_text():
        outcome.add(UNNAMED, f"{about}: {report.to_text()}")


def _columns(db: psycopg.Connection[Any]) -> Sequence[Column]:
    """Those of tables that have rows."""
    rows = db.execute(
        "SELECT table_schema || '.' || table_name, column_name, data_type FROM information_schema.columns"
        " WHERE table_schema NOT IN ('pg_catalog', 'information_schema') ORDER BY 1, 2"
    ).fetchall()
    columns = [Column(*row) for row in rows if row[0] not in PASSING and not row[0].endswith(f".{CONTINUED}")]
    return [
        column
        for column in columns
        if db.execute(
            SQL("SELECT 1 FROM {} WHERE {} IS NOT NULL LIMIT 1").format(_table(column), Identifier(column.name))
        ).fetchone()
    ]


def _table(column: Column) -> Identifier:
    return Identifier(*column.table.split("."))


def _altered(db: psycopg.Connection[Any], column: Column, random: Random) -> str:
    """Change a value or delete its row; gives what was done."""
    table, name = _table(column), Identifier(column.name)
    found = SQL("SELECT ctid, {} FROM {} WHERE {} IS NOT NULL").format(name, table, name)
    rows = db.execute(found).fetchall()
    while True:
        place, value = random.choice(rows)
        if random.random() < DELETED:
            db.execute(SQL("DELETE FROM {} WHERE ctid = %s").format(table), (place,))
            return f"a row deleted, whose {column.name} was {value!r}"
        other = _another(value, random)
        try:
            db.execute(SQL("UPDATE {} SET {} = %s WHERE ctid = %s").format(table, name), (other, place))
        except psycopg.errors.IntegrityError:
            continue  # what the database itself refuses
        return f"{column.name} is {other!r} instead of {value!r}"


def _another(value: Any, random: Random) -> Any:
    match value:
        case bool():
            return not value
        case bytes():
            return flipped(value, random) if value else b"\x01"
        case UUID():
            return UUID(bytes=flipped(value.bytes, random))
        case int() | float():
            return value + random.choice((-1000, -1, 1, 1000))
        case str():
            at = random.randrange(len(value) + 1)
            return value[:at] + ("x" if value[at : at + 1] != "x" else "y") + value[at + 1 :]
        case _:
            raise TypeError(f"no other value is known for {value!r}")
