"""Whether the SQLite files are what SQLite makes of them, their indexes included: no fact speaks of an index."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

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
    """See `Inspection`. Of an installation on PostgreSQL only what lies beside it in the state directory."""

    check = Check.FILES
    noun = "files"
    facts: Sequence[type[Fact]] = ()

    def __init__(self, state: Path) -> None:
        self._state = state
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


def _finding(subject: str, detail: str) -> Finding:
    affects = AFFECTS.get(subject.split("/")[0], "whatever is read from it may be incomplete")
    return Finding(check=Check.FILES, position=1, last=1, subject=subject, detail=detail, affects=affects)


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
