"""Whether the SQLite files are what SQLite makes of them, and all indexes fit: no fact speaks of an index."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import sqlalchemy as sa

from buildledger.audit.checks import first_line
from buildledger.audit.database_indexes import DamagedIndex, damaged_indexes
from buildledger.audit.report import Check, Finding
from buildledger.events.fact import Fact, Recorded
from buildledger.ledger.sqlite_connection import connect_to_read, in_the_way

PATTERNS = ("*.db", "logs/*.db", "views/*.db")
PROBLEMS_SHOWN = 10
"""Of one file."""
AFFECTS = {
    "views": "pages and answers of the API may be wrong",
    "logs": "output may not be found, or be another step's",
}


class StoredFiles:
    """See `Inspection`. Of a PostgreSQL it looks at the indexes; the rest is read by others."""

    check = Check.FILES
    noun = "files and indexes"
    facts: Sequence[type[Fact]] = ()

    def __init__(self, state: Path, database: str | None = None) -> None:
        """`database`: the URL of a PostgreSQL, if the ledger is there."""
        self._state = state
        self._database = database
        self.count = 0

    def see(self, seen: Recorded) -> Iterator[Finding]:
        """See `Inspection`: no fact speaks of them."""
        yield from ()

    def close(self) -> Iterator[Finding]:
        """See `Inspection`."""
        for folder in {(self._state / pattern).parent for pattern in PATTERNS}:
            if folder.is_dir() and not os.access(folder, os.R_OK | os.X_OK):
                yield _finding(str(folder.relative_to(self._state)), "the directory may not be read by this account")
        for path in sorted(path for pattern in PATTERNS for path in self._state.glob(pattern) if path.is_file()):
            self.count += 1
            if problems := _problems(path):
                yield _finding(str(path.relative_to(self._state)), "; ".join(problems))
        if self._database is not None:
            yield from self._indexes(self._database)

    def _indexes(self, database: str) -> Iterator[Finding]:
        try:
            for damaged in damaged_indexes(database):
                self.count += 1
                if damaged is not None:
                    yield _of_index(damaged)
        except sa.exc.SQLAlchemyError as error:
            yield _of_index(DamagedIndex("of the database", "any table", f"they can't be read: {first_line(error)}"))


def _finding(subject: str, detail: str) -> Finding:
    affects = AFFECTS.get(subject.split("/")[0], "whatever is read from it may be incomplete")
    return Finding(check=Check.FILES, position=1, last=1, subject=subject, detail=detail, affects=affects)


def _of_index(damaged: DamagedIndex) -> Finding:
    return Finding(
        check=Check.FILES,
        position=1,
        last=1,
        subject=f"index {damaged.name}",
        detail=damaged.detail,
        affects=f"rows of {damaged.table} may not be found; `REINDEX INDEX {damaged.name}` makes it anew",
    )


def _text(data: bytes) -> str:
    return data.decode(errors="replace")


def _problems(path: Path) -> Sequence[str]:
    try:
        with closing(connect_to_read(path)) as database:
            database.text_factory = _text
            rows = database.execute(f"PRAGMA integrity_check({PROBLEMS_SHOWN})").fetchall()
    except (sqlite3.Error, ValueError) as error:
        # a message can be damaged too
        return [f"{error}{in_the_way(path)}"]
    said = [line for (text,) in rows for line in str(text).split("\n")]
    return () if said == ["ok"] else said[:PROBLEMS_SHOWN]
