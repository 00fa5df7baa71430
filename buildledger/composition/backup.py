"""A copy of all that nobody can make again, taken while the server runs or not."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import msgspec

from buildledger.ledger.database import open_store
from buildledger.ledger.errors import LedgerFormatError, StoreError
from buildledger.ledger.sqlite_connection import in_the_way

DATABASES = ("proof.db", "ledger.db", "vault.db", "logs/logs.db")
"""In this order. What a copy speaks of has to be in the copies: proofs are about facts, so they are copied first; names
and messages, logs and artifacts are durable before the facts about them, so they are copied last."""

LEDGER = "ledger.db"
IN_THE_LEDGERS_DATABASE = frozenset({"proof.db", LEDGER, "vault.db"})
"""What stands in PostgreSQL where that is used."""

KEYS = ("head-key.pem", "worker-ca.pem", "worker-ca-key.pem")
DIRECTORIES = ("logs", "artifacts")
LEFT_OUT = frozenset({"incoming"})
"""Uploads that haven't ended: their workers begin them again."""


class BackupError(Exception):
    """The copy could not be made; the text says why. Nothing is left of it."""


class Backup(msgspec.Struct, frozen=True, kw_only=True):
    """What was copied."""

    position: int | None
    """The last fact in it; None: the ledger is in a database of its own."""
    file_count: int
    size_bytes: int


def back_up(state: Path, target: Path, *, database: str | None = None) -> Backup:
    """Copy the state directory of a server into `target`, which a server can be started in as it is.

    It appears when it is whole and on the disk. SQLite files are copied by SQLite itself, each as it is at one moment:
    copied as files, beside the write-ahead log of a server that runs, they would be torn.

    Raises:
        BackupError
    """
    if target.exists():
        raise BackupError(f"{target} is there already: give the name of a directory that isn't")
    if database is None and not (state / LEDGER).is_file():
        raise BackupError(f"there is no ledger in {state}: give --state, or --database for one in PostgreSQL")
    without = frozenset[str]() if database is None else IN_THE_LEDGERS_DATABASE
    for name in DATABASES:
        if name not in without and not (state / name).is_file():
            raise BackupError(
                f"{state / name} is missing: a copy without it would be damaged as this state directory is"
            )
    partial = target.with_name(f".{target.name}.partial")
    in_the_way = BackupError(f"{partial} is there: another backup is being made, or one was cut off; remove it")
    if partial.exists():
        raise in_the_way
    try:
        # in here, so that an interrupt that comes while it is made finds it too
        try:
            partial.mkdir(mode=0o700, parents=True)
        except FileExistsError:
            raise in_the_way from None
        _copy(state, partial, without=without)
        position = None if database is not None else _head(partial / LEDGER)
        os.sync()
        partial.rename(target)
        return Backup(position=position, **_measured(target))
    except (OSError, sqlite3.Error, StoreError, LedgerFormatError, KeyboardInterrupt) as error:
        shutil.rmtree(partial, ignore_errors=True)
        if isinstance(error, KeyboardInterrupt):
            raise
        raise BackupError(f"the backup of {state} failed, nothing is left of it: {error}") from error


def _copy(state: Path, target: Path, *, without: frozenset[str]) -> None:
    for name in DATABASES:
        if name not in without:
            _copy_database(state / name, target / name)
    for name in KEYS:
        if (state / name).is_file():
            shutil.copy2(state / name, target / name)
    databases = {state / name for name in DATABASES}
    for name in DIRECTORIES:
        for folder, folders, files in os.walk(state / name, onerror=_refuse):
            folders[:] = [each for each in folders if each not in LEFT_OUT]
            inside = target / Path(folder).relative_to(state)
            inside.mkdir(mode=0o700, parents=True, exist_ok=True)
            for file in files:
                path = Path(folder) / file
                if path.with_name(file.removesuffix("-wal").removesuffix("-shm")) not in databases:
                    _copy_file(path, inside / file)


def _refuse(error: OSError) -> None:
    """A directory that can't be looked into isn't an empty one."""
    raise error


def _copy_file(path: Path, target: Path) -> None:
    """Copy a file; one that retention has removed since it was listed is left out."""
    try:
        shutil.copy2(path, target)
    except FileNotFoundError:
        if path.exists():
            raise


def _copy_database(path: Path, target: Path) -> None:
    """Copy a SQLite database as it is at one moment, whoever writes to it meanwhile."""
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    target.touch(mode=0o600)
    try:
        source = sqlite3.connect(f"file:{quote(str(path.absolute()))}?mode=ro", uri=True)
        with closing(source), closing(sqlite3.connect(target)) as copy:
            source.backup(copy)
    except sqlite3.Error as error:
        raise sqlite3.DatabaseError(f"{path}: {error}{in_the_way(path)}") from error


def _head(ledger: Path) -> int:
    store = open_store(f"sqlite:///{ledger}")
    try:
        return store.head()
    finally:
        store.close()


def _measured(target: Path) -> dict[str, int]:
    files = [Path(folder) / name for folder, _, names in os.walk(target) for name in names]
    return {"file_count": len(files), "size_bytes": sum(file.stat().st_size for file in files)}
