"""Ways to alter what an installation has stored; each says what was altered, and what has to be named."""

from __future__ import annotations

import hashlib
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import NamedTuple
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM


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
        with database(_found(state, file)) as db:
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


def text_sealed_anew(of: str) -> Alter:
    """Put another text in the place of one of a change or a claim, sealed with its own key, as the keys' holder can.

    Of a claim it is one that the claim's own id allows as well.
    """

    def alter(state: Path, random: Random) -> Altered:
        with database(state / "vault.db") as db:
            rows = db.execute("SELECT id, key, nonce, sealed FROM word JOIN word_key USING (id)").fetchall()
            texts = [(row, _opened(*row)) for row in rows]
            row, text = random.choice([each for each in texts if each[1].startswith("{") == (of == "change")])
            other = text.replace("change", "chance") if of == "change" else text.replace(" <", "  <")
            assert other != text
            word_id, key, nonce, _ = row
            sealed = AESGCM(key).encrypt(nonce, other.encode(), UUID(word_id).bytes)
            db.execute("UPDATE word SET sealed = ? WHERE id = ?", (sealed, word_id))
        return Altered(f"text {word_id}: {text!r} is now {other!r}", f" of {of} ")

    return alter


def _opened(word_id: str, key: bytes, nonce: bytes, sealed: bytes) -> str:
    return AESGCM(key).decrypt(nonce, sealed, UUID(word_id).bytes).decode()


def log_rewritten(state: Path, random: Random) -> Altered:
    """Change a byte of a log, and the store's own digest so that it fits: only the fact contradicts it."""
    with database(state / "logs/logs.db") as db:
        whole = "chunk.log = log.id AND chunk.codec = 0 AND chunk.size_bytes = log.size_bytes AND data IS NOT NULL"
        rows = db.execute(f"SELECT log.id, log_id, data FROM log JOIN chunk ON {whole} AND log.sha256 NOT NULL")
        row, log_id, data = random.choice(rows.fetchall())
        at = random.choice([at for at, byte in enumerate(data) if byte != ord("\n")])
        other = data[:at] + (b"x" if data[at] != ord("x") else b"y") + data[at + 1 :]
        db.execute("UPDATE chunk SET data = ? WHERE log = ?", (other, row))
        db.execute("UPDATE log SET sha256 = ? WHERE id = ?", (hashlib.sha256(other).digest(), row))
    return Altered(f"logs/logs.db: a byte and the digest of log {row}", _text(log_id))


def delete_row(file: str, table: str, names: str = "", where: str = "1") -> Alter:
    """Delete some row."""

    def alter(state: Path, random: Random) -> Altered:
        with database(_found(state, file)) as db:
            key = "_rowid_" if _has_rowid(db, table) else _primary_key(db, table)
            rows = db.execute(f"SELECT {key}, {names or 'NULL'} FROM {table} WHERE {where}").fetchall()
            row, name = random.choice(rows)
            db.execute(f"DELETE FROM {table} WHERE {key} = ?", (row,))
        return Altered(f"{file}: row {row!r} of {table} deleted", _text(name))

    return alter


def add_row(file: str, table: str, position: str, names: str = "") -> Alter:
    """Add a copy of some row that begins at another position, whatever an index says to that."""

    def alter(state: Path, random: Random) -> Altered:
        with database(_found(state, file)) as db:
            (row,) = random.choice(db.execute(f"SELECT _rowid_ FROM {table}").fetchall())
            db.execute(f"CREATE TEMP TABLE copied AS SELECT * FROM {table} WHERE _rowid_ = ?", (row,))
            used = {number for (number,) in db.execute(f"SELECT {position} FROM {table}")}
            other = random.choice(sorted(set(range(1, max(used))) - used))
            db.execute(f"UPDATE copied SET {position} = ?", (other,))
            (name,) = db.execute(f"SELECT {names or 'NULL'} FROM copied").fetchone()
            for (index,) in db.execute(
                "SELECT name FROM sqlite_master WHERE type = 'index' AND tbl_name = ? AND sql LIKE '%UNIQUE%'", (table,)
            ).fetchall():
                db.execute(f"DROP INDEX {index}")
            db.execute(f"INSERT INTO {table} SELECT * FROM copied")
        return Altered(f"{file}: a row of {table} added at {other}", _text(name))

    return alter


def delete_all(file: str, *tables: str) -> Alter:
    """Empty tables."""

    def alter(state: Path, _: Random) -> Altered:
        with database(_found(state, file)) as db:
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


def _found(state: Path, pattern: str) -> Path:
    return next(state.glob(pattern))


def _has_rowid(db: sqlite3.Connection, table: str) -> bool:
    (sql,) = db.execute("SELECT sql FROM sqlite_master WHERE name = ?", (table,)).fetchone()
    return "WITHOUT ROWID" not in sql


def _primary_key(db: sqlite3.Connection, table: str) -> str:
    return next(str(row[1]) for row in db.execute(f"PRAGMA table_info({table})") if row[5])


def _text(name: object) -> str:
    if isinstance(name, bytes) and len(name) == 16:
        return str(UUID(bytes=name))
    return "" if name is None else str(name)
