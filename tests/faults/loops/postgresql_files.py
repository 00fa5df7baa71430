"""A bit of a PostgreSQL table's or index's file is changed while it is stopped: it is found, or nothing changed."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any

import psycopg
from psycopg.sql import SQL, Identifier

from buildledger.ledger.errors import LedgerFormatError, StoreError
from tests.fakes.postgresql import postgresql_cluster
from tests.faults.loop import LoopOptions, LoopOutcome
from tests.faults.loops.alterations import TRACEBACK, UNSEEN
from tests.faults.loops.flipped_bits import with_another_bit
from tests.faults.loops.postgresql import CONTINUED, LIVED, PASSING, LivedIn

KINDS = (UNSEEN, TRACEBACK)
LENGTH = "index tuple size does not equal lp_len"
"""A length that stands twice: by this one nothing is looked up."""
SAY_EVERY = 50


def of_files(options: LoopOptions) -> LoopOutcome:
    """Change a bit of each file in turn, on pages without checksums and with them."""
    outcome = LoopOutcome()
    with postgresql_cluster() as cluster:
        files = DatabaseFiles(LivedIn(cluster, options.directory / "lived"), options.directory / "data")
        unused = 0
        for number in range(options.count):
            if number == options.count // 2:
                files.add_checksums()
            unused += files.flip_once(number, f"{options.seed}-{number}", outcome)
            if outcome.done % SAY_EVERY == 0:
                options.say(f"{outcome.done} of {options.count}")
        files.restore()
    outcome.note = f"{unused:,} hit bytes that hold nothing; half of them on pages with checksums"
    return outcome


class DatabaseFiles:
    """The files of what a server has stored; between two flips they are what they were."""

    def __init__(self, lived: LivedIn, kept: Path) -> None:
        """`kept`: where a copy of them goes."""
        self._lived, self._cluster, self._kept = lived, lived.cluster, kept
        with lived.connection(LIVED) as db:
            db.execute("CREATE EXTENSION amcheck")
            db.execute("VACUUM")
            self._files = _files(db)
            self._content = _content(db)
        self._cluster.shut_down()
        with self._cluster.file("postgresql.auto.conf").open("a") as settings:
            settings.write("autovacuum = off\n")
        shutil.copytree(self._cluster.file("."), kept)

    def add_checksums(self) -> None:
        """Give each page one."""
        self.restore(start=False)
        self._cluster.enable_checksums()
        shutil.rmtree(self._kept)
        shutil.copytree(self._cluster.file("."), self._kept)

    def restore(self, *, start: bool = True) -> None:
        """Put the files back that there were."""
        self._cluster.shut_down()
        self._cluster.replace_data(self._kept)
        if start:
            self._cluster.start()

    def change(self, name: str, how: Callable[[bytes], bytes]) -> None:
        """Start it with another content of one file."""
        self.restore(start=False)
        file = self._cluster.file(self._files[name])
        file.write_bytes(how(file.read_bytes()))
        self._cluster.start()

    def flip_once(self, number: int, seed: str, outcome: LoopOutcome) -> bool:
        """Change a bit, and note if the audit didn't see it; whether the bit was in bytes that hold nothing."""
        name = sorted(self._files)[number % len(self._files)]
        self.change(name, lambda data: with_another_bit(data, Random(seed)))
        outcome.done += 1
        about = f"{name} (seed {seed})"
        try:
            if not self._lived.verified(LIVED).ok:
                return False
        except (LedgerFormatError, StoreError):
            return False  # there is no ledger to read, which every command says in a line
        except Exception as error:
            outcome.add(TRACEBACK, f"{about}: {type(error).__name__}: {error}")
            return False
        if (wrong := self._differs()) is None:
            return True
        outcome.add(UNSEEN, f"{about}: {wrong}")
        return False

    def _differs(self) -> str | None:
        """What isn't as it was, by all rows and by PostgreSQL's own check of its indexes."""
        try:
            with self._lived.connection(LIVED) as db:
                for table, rows in _content(db).items():
                    if rows != self._content[table]:
                        return f"{table} has other rows"
                for index in [name for name in self._files if name.startswith("index ")]:
                    try:
                        db.execute("SELECT bt_index_check(%s::regclass, true)", (index.removeprefix("index "),))
                    except psycopg.errors.IndexCorrupted as error:
                        if LENGTH not in str(error):
                            return str(error)
        except psycopg.Error as error:
            return str(error)
        return None


def _files(db: psycopg.Connection[Any]) -> Mapping[str, str]:
    """Of every table and index that has a page: what it is → its file."""
    rows = db.execute(
        "SELECT CASE relkind WHEN 'i' THEN 'index ' ELSE 'table ' END || quote_ident(nspname) || '.'"
        " || quote_ident(relname), nspname || '.' || relname, pg_relation_filepath(c.oid)"
        " FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE relkind IN ('r', 'i')"
        " AND nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast') AND pg_relation_size(c.oid) > 0"
    ).fetchall()
    passing = tuple({*PASSING, *(f"{name}_pkey" for name in PASSING)})
    return {what: path for what, name, path in rows if name not in passing and f".{CONTINUED}" not in name}


def _content(db: psycopg.Connection[Any]) -> dict[str, Sequence[Any]]:
    """All rows of all tables, read from the tables themselves."""
    db.execute("SET enable_indexscan = off")
    db.execute("SET enable_indexonlyscan = off")
    db.execute("SET enable_bitmapscan = off")
    names = db.execute(
        "SELECT nspname, relname FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace"
        " WHERE relkind = 'r' AND nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')"
    ).fetchall()
    found: dict[str, Sequence[Any]] = {}
    for schema, table in sorted(names):
        if f"{schema}.{table}" in PASSING or table == CONTINUED:
            continue
        rows = db.execute(SQL("SELECT t::text FROM {} t").format(Identifier(schema, table))).fetchall()
        found[f"{schema}.{table}"] = sorted(rows)
    return found
