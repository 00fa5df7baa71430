"""Ways to alter what an installation has stored; each says what was altered, and what has to be named."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import NamedTuple
from uuid import UUID


class Altered(NamedTuple):
    """What an alteration did."""

    what: str
    names: str
    """A text that the report has to hold; empty: any finding of the check will do."""


Alter = Callable[[Path, Random], Altered]


@contextmanager
def database(path: Path) -> Iterator[sqlite3.Connection]:
    """An administrator's connection: no trigger keeps it from anything."""
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        for (trigger,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f'DROP TRIGGER "{trigger}"')
        yield connection
    finally:
        connection.close()


def flipped(data: bytes, random: Random) -> bytes:
    """The bytes with one bit changed."""
    at = random.randrange(len(data))
    return data[:at] + bytes([data[at] ^ (1 << random.randrange(8))]) + data[at + 1 :]


def flip_cell(file: str, table: str, column: str, names: str = "") -> Alter:
    """Change a bit in a column of bytes or text of some row; `names` is the column that tells what has to be named."""

    def alter(state: Path, random: Random) -> Altered:
        with database(state / file) as db:
            where = f"FROM {table} WHERE length({column}) > 0"
            rows = db.execute(f"SELECT _rowid_ {where}").fetchall() if _has_rowid(db, table) else []
            key = "_rowid_" if rows else _primary_key(db, table)
            rows = rows or db.execute(f"SELECT {key} {where}").fetchall()
            (row,) = random.choice(rows)
            value, name = db.execute(
                f"SELECT {column}, {names or 'NULL'} FROM {table} WHERE {key} = ?",
                (row,),
            ).fetchone()
            if isinstance(value, bytes):
                other: object = flipped(value, random)
            elif isinstance(value, int):
                other = value + random.choice((-1000, 1000))
            else:
                at = random.randrange(len(value))
                other = value[:at] + ("x" if value[at] != "x" else "y") + value[at + 1 :]
            db.execute(f"UPDATE {table} SET {column} = ? WHERE {key} = ?", (other, row))
        return Altered(f"{file}: {column} of row {row!r} of {table}", _text(name))

    return alter


def delete_row(file: str, table: str, names: str = "", where: str = "1") -> Alter:
    """Delete some row."""

    def alter(state: Path, random: Random) -> Altered:
        with database(state / file) as db:
            key = "_rowid_" if _has_rowid(db, table) else _primary_key(db, table)
            rows = db.execute(f"SELECT {key}, {names or 'NULL'} FROM {table} WHERE {where}").fetchall()
            row, name = random.choice(rows)
            db.execute(f"DELETE FROM {table} WHERE {key} = ?", (row,))
        return Altered(f"{file}: row {row!r} of {table} deleted", _text(name))

    return alter


def delete_all(file: str, *tables: str) -> Alter:
    """Empty tables."""

    def alter(state: Path, _: Random) -> Altered:
        with database(state / file) as db:
            for table in tables:
                db.execute(f"DELETE FROM {table}")
        return Altered(f"{file}: {', '.join(tables)} emptied", "")

    return alter


def remove(*names: str) -> Alter:
    """Remove files or directories."""

    def alter(state: Path, _: Random) -> Altered:
        for name in names:
            for path in state.glob(name):
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        return Altered(f"{', '.join(names)} removed", "")

    return alter


def some_file(pattern: str, how: Callable[[Path, Random], None], *, named: bool = False) -> Alter:
    """Do something to one of the files that a pattern finds."""

    def alter(state: Path, random: Random) -> Altered:
        path = random.choice(sorted(path for path in state.glob(pattern) if path.stat().st_size))
        how(path, random)
        return Altered(f"{path.relative_to(state)} {how.__name__}", path.name if named else "")

    return alter


def bit_flipped(path: Path, random: Random) -> None:
    """Change one bit of a file."""
    path.write_bytes(flipped(path.read_bytes(), random))


def cut(path: Path, random: Random) -> None:
    """Cut a file somewhere."""
    path.write_bytes(path.read_bytes()[: random.randrange(path.stat().st_size)])


def deleted(path: Path, _: Random) -> None:
    """Delete a file."""
    path.unlink()


def grown(path: Path, random: Random) -> None:
    """Put bytes behind a file."""
    path.write_bytes(path.read_bytes() + random.randbytes(random.randrange(1, 100)))


def _has_rowid(db: sqlite3.Connection, table: str) -> bool:
    (sql,) = db.execute("SELECT sql FROM sqlite_master WHERE name = ?", (table,)).fetchone()
    return "WITHOUT ROWID" not in sql


def _primary_key(db: sqlite3.Connection, table: str) -> str:
    return next(str(row[1]) for row in db.execute(f"PRAGMA table_info({table})") if row[5])


def _text(name: object) -> str:
    if isinstance(name, bytes) and len(name) == 16:
        return str(UUID(bytes=name))
    return "" if name is None else str(name)


LOG_OF_CHUNK = "(SELECT log_id FROM log WHERE log.id = chunk.log)"
ALTERATIONS: dict[str, tuple[Alter, str]] = {
    "fact body": (flip_cell("ledger.db", "fact", "body", "position"), "tree"),
    "fact name": (flip_cell("ledger.db", "fact", "name", "position"), "decoding"),
    "fact stream": (flip_cell("ledger.db", "fact", "stream_id", "position"), "tree"),
    "fact version": (flip_cell("ledger.db", "fact", "version", "position"), "versions"),
    "fact deleted": (delete_row("ledger.db", "fact", "position"), "chain"),
    "chain head": (flip_cell("ledger.db", "chain", "head"), "chain"),
    "chain previous": (flip_cell("ledger.db", "chain", "previous"), "chain"),
    "chain link deleted": (delete_row("ledger.db", "chain"), "chain"),
    "tile": (flip_cell("proof.db", "tile", "hashes"), "tree"),
    "tile deleted": (delete_row("proof.db", "tile"), "tree"),
    "head note": (flip_cell("proof.db", "head", "note"), "heads"),
    "head verifier": (flip_cell("proof.db", "head", "verifier"), "heads"),
    "head size": (flip_cell("proof.db", "head", "size"), "heads"),
    "head deleted": (delete_row("proof.db", "head", "'head of size ' || size"), "heads"),
    "heads deleted": (delete_all("proof.db", "head"), "heads"),
    "proofs emptied": (delete_all("proof.db", "head", "tile", "reader_position"), "heads"),
    "proofs": (remove("proof.db*"), "heads"),
    "command digest": (flip_cell("ledger.db", "command", "digest"), "commands"),
    "command id": (flip_cell("ledger.db", "command", "command_id"), "commands"),
    "command position": (flip_cell("ledger.db", "command", "position"), "commands"),
    "command count": (flip_cell("ledger.db", "command", "fact_count"), "commands"),
    "command deleted": (delete_row("ledger.db", "command"), "commands"),
    "checkpoint state": (flip_cell("ledger.db", "checkpoint", "state", "name"), "checkpoints"),
    "checkpoint position": (flip_cell("ledger.db", "checkpoint", "position", "name"), "checkpoints"),
    "checkpoint version": (flip_cell("ledger.db", "checkpoint", "version", "name"), "checkpoints"),
    "log chunk": (flip_cell("logs/logs.db", "chunk", "data", LOG_OF_CHUNK), "logs"),
    "log chunk line": (flip_cell("logs/logs.db", "chunk", "first_line", LOG_OF_CHUNK), "logs"),
    "log chunk place": (flip_cell("logs/logs.db", "chunk", "first_byte", LOG_OF_CHUNK), "logs"),
    "log chunk deleted": (delete_row("logs/logs.db", "chunk", LOG_OF_CHUNK), "logs"),
    "log size": (flip_cell("logs/logs.db", "log", "size_bytes", "log_id"), "logs"),
    "log lines": (flip_cell("logs/logs.db", "log", "newlines", "log_id"), "logs"),
    "log digest": (flip_cell("logs/logs.db", "log", "sha256", "log_id"), "logs"),
    "log deleted": (delete_row("logs/logs.db", "log", "log_id"), "logs"),
    "log database": (remove("logs/logs.db*"), "logs"),
    "logs": (remove("logs"), "logs"),
    "pack": (some_file("logs/packs/*.pack", bit_flipped), "logs"),
    "pack cut": (some_file("logs/packs/*.pack", cut), "logs"),
    "pack deleted": (some_file("logs/packs/*.pack", deleted), "logs"),
    "artifact": (some_file("artifacts/??/*", bit_flipped, named=True), "artifacts"),
    "artifact cut": (some_file("artifacts/??/*", cut, named=True), "artifacts"),
    "artifact grown": (some_file("artifacts/??/*", grown, named=True), "artifacts"),
    "artifact deleted": (some_file("artifacts/??/*", deleted, named=True), "artifacts"),
    "artifacts": (remove("artifacts"), "artifacts"),
    "text": (flip_cell("vault.db", "word", "sealed"), "vault"),
    "text nonce": (flip_cell("vault.db", "word", "nonce"), "vault"),
    "text deleted": (delete_row("vault.db", "word"), "vault"),
    "text key": (flip_cell("vault.db", "word_key", "key"), "vault"),
    "text key deleted": (delete_row("vault.db", "word_key"), "vault"),
    "installation key": (flip_cell("vault.db", "installation", "secret"), "vault"),
    "installation key deleted": (delete_all("vault.db", "installation"), "vault"),
    "vault emptied": (delete_all("vault.db", "word", "word_key"), "vault"),
    "vault": (remove("vault.db*"), "vault"),
}
"""Name → how, and the check that has to find it."""
