"""The directory a server runs in: held by one process, and what is written there for its owner only."""

from __future__ import annotations

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from buildledger.settings import ADDRESS_FILE, ADMIN_TOKEN_FILE, SettingsError

LOCK_FILE = "server.lock"
STORE_FILE = "store-id"
"""Tells the other servers of a ledger that this is the directory they were told of."""
ENDED_SESSIONS_FILE = "sessions-ended"
ADMIN_TOKEN_BYTES = 32
ADMIN_TOKEN_CHARACTERS_MIN = 16


@contextmanager
def sole_owner(state: Path) -> Iterator[None]:
    """Hold the state directory: two processes on one log store, or on one SQLite ledger, would overtake each other.

    Raises:
        SettingsError: If another process holds it.
    """
    state.mkdir(parents=True, exist_ok=True)
    state.chmod(0o700)
    with (state / LOCK_FILE).open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            holder = lock.read().strip() or "unknown"
            raise SettingsError(f"{state} belongs to a running server, process {holder}{_where(state)}") from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def _where(state: Path) -> str:
    try:
        return f", at {(state / ADDRESS_FILE).read_text().strip()}"
    except (OSError, ValueError):
        return ""


def admin_token(state: Path) -> str:
    """Made at the first start; whoever can read the file is the administrator.

    Raises:
        SettingsError: The file holds no token that couldn't be guessed: anybody could sign a session with it.
    """
    path = state / ADMIN_TOKEN_FILE
    if not path.exists():
        _write_private(path, secrets.token_urlsafe(ADMIN_TOKEN_BYTES))
    token = path.read_text(errors="replace").strip()
    if len(token) < ADMIN_TOKEN_CHARACTERS_MIN:
        raise SettingsError(
            f"{path} holds {len(token)} characters, and an administrator's token has at least"
            f" {ADMIN_TOKEN_CHARACTERS_MIN}: remove the file, and the next start makes one"
        )
    return token


def store_name(state: Path) -> str:
    """What names the directory for ever; made at the first start."""
    path = state / STORE_FILE
    if not path.exists():
        _write_private(path, str(uuid4()))
    return path.read_text().strip()


def tell_address(state: Path, url: str) -> None:
    """Let the commands on this machine know where the API is."""
    _write_private(state / ADDRESS_FILE, url)


def _write_private(path: Path, text: str) -> None:
    """Atomically, readable by the owner only."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as sink:
        sink.write(text + "\n")
        sink.flush()
        os.fsync(sink.fileno())
    beside.replace(path)
