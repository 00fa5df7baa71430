"""The ledger's tables in SQLite, and how facts are found in them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from buildledger.ledger.store import MAX_POSITION, FactQuery

FORMAT = 1

TABLES = (
    """CREATE TABLE IF NOT EXISTS fact (
        position INTEGER PRIMARY KEY,
        stream_id BLOB NOT NULL,
        version INTEGER NOT NULL,
        name TEXT NOT NULL,
        body BLOB NOT NULL,
        UNIQUE (stream_id, version)
    ) STRICT""",
    "CREATE INDEX IF NOT EXISTS fact_by_name ON fact (name)",
    """CREATE TABLE IF NOT EXISTS chain (
        last_position INTEGER PRIMARY KEY,
        previous BLOB NOT NULL UNIQUE,
        head BLOB NOT NULL
    ) STRICT""",
    """CREATE TABLE IF NOT EXISTS command (
        command_id BLOB PRIMARY KEY,
        digest BLOB NOT NULL,
        position INTEGER NOT NULL,
        fact_count INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE IF NOT EXISTS checkpoint (
        name TEXT PRIMARY KEY,
        version INTEGER NOT NULL,
        position INTEGER NOT NULL,
        state BLOB NOT NULL
    ) STRICT, WITHOUT ROWID""",
)
APPEND_ONLY_TABLES = ("fact", "chain", "command")


def selection(query: FactQuery, names: Sequence[str], limit: int) -> tuple[str, list[Any]]:
    """The statement that finds facts of some names (none: of any), with its parameters."""
    parts = ["SELECT position, stream_id, version, name, body FROM fact WHERE"]
    parameters: list[Any] = []
    if query.stream_id is None:
        parts.append("position > ? AND position <= ?")
    else:
        # a plus sign keeps the database from choosing that column's index
        parts.append("stream_id = ? AND +position > ? AND +position <= ?")
        parameters.append(query.stream_id.bytes)
    parameters += [query.after, MAX_POSITION if query.last is None else query.last]
    if names:
        parts.append("AND name = ?" if len(names) == 1 else f"AND +name IN ({','.join('?' * len(names))})")
        parameters += names
    parts.append("ORDER BY position DESC LIMIT ?" if query.descending else "ORDER BY position LIMIT ?")
    return " ".join(parts), [*parameters, limit]
