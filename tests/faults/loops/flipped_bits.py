"""A bit of some SQLite file is changed, again and again: it is found, or no content of the file has changed by it."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any

from buildledger.ledger.errors import LedgerFormatError, StoreError
from tests.faults.altering import flipped
from tests.faults.lived_in import lived_in
from tests.faults.loop import LoopOptions, LoopOutcome
from tests.faults.loops.alterations import TRACEBACK, UNSEEN, verified

KINDS = (UNSEEN, TRACEBACK)
PATTERNS = ("*.db", "logs/*.db", "views/*.db", "*.db-wal", "logs/*.db-wal", "views/*.db-wal")
SAY_EVERY = 100
ANYWHERE = 0.1
CONTINUED = frozenset({"made_of", "reader_position", "tile"})


def of_everything(options: LoopOptions) -> LoopOutcome:
    """Change a bit of each file in turn."""
    left = lived_in(options.directory / "lived")
    outcome = LoopOutcome()
    unused = 0
    for number in range(options.count):
        unused += flip_once(left, options.directory / "altered", number, f"{options.seed}-{number}", outcome)
        if outcome.done % SAY_EVERY == 0:
            options.say(f"{outcome.done} of {options.count}")
    outcome.note = f"{unused:,} hit bytes that hold nothing"
    return outcome


def flip_once(left: Path, place: Path, number: int, seed: str, outcome: LoopOutcome) -> bool:
    """Change a bit in a copy, and note if the audit didn't see it; whether the bit was in bytes that hold nothing."""
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(left, place, ignore=shutil.ignore_patterns("mirrors"))
    files = sorted(path for pattern in PATTERNS for path in place.glob(pattern) if path.stat().st_size)
    path = files[number % len(files)]
    about = f"{path.relative_to(place)} (seed {seed})"
    database = path.with_name(path.name.removesuffix("-wal"))
    before = content_of(database)
    path.write_bytes(with_another_bit(path.read_bytes(), Random(seed)))
    outcome.done += 1
    try:
        if not verified(place).ok:
            return False
    except (LedgerFormatError, StoreError):
        return False  # there is no ledger to read, which every command says in a line
    except Exception as error:
        outcome.add(TRACEBACK, f"{about}: {type(error).__name__}: {error}")
        return False
    if content_of(database) == before:
        return True
    outcome.add(UNSEEN, about)
    return False


def with_another_bit(data: bytes, random: Random) -> bytes:
    """Mostly where something is: small databases are empty for the most part."""
    if random.random() < ANYWHERE:
        return flipped(data, random)
    at = random.choice([at for at, byte in enumerate(data) if byte])
    return data[:at] + bytes([data[at] ^ (1 << random.randrange(8))]) + data[at + 1 :]


def content_of(path: Path) -> Sequence[Any]:
    """All rows of all tables that the file holds.

    But not what is right whatever it is: where a read model stands between two facts that it wants, which ledger it was
    made of (where that doesn't fit it is made anew), how far the Merkle tree has come (it is continued from the facts),
    and how tables are declared, which concerns what is still to come.
    """
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        database.text_factory = bytes
        # as SQLite has parsed them: it goes by their declaration, whatever stands beside that in its list
        listed = database.execute(
            "SELECT name FROM pragma_table_list WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        )
        tables = sorted({name.decode().lower() for (name,) in listed} - CONTINUED)
        return [tables, *(database.execute(f'SELECT * FROM "{table}"').fetchall() for table in tables)]
