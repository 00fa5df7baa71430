"""What somebody does who can write to the database: alter it behind the ledger's back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import psycopg

from buildledger.ledger.sqlite_connection import connect

Tamper = Callable[..., None]


def tamperer(database_url: str) -> Tamper:
    """Runs statements as a database administrator who has switched the triggers off."""
    if database_url.startswith("sqlite"):

        def on_sqlite(*statements: str) -> None:
            db = connect(Path(database_url.removeprefix("sqlite:///")))
            for (trigger,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
                db.execute(f"DROP TRIGGER {trigger}")
            for statement in statements:
                db.execute(statement)
            db.close()

        return on_sqlite

    def on_postgresql(*statements: str) -> None:
        with psycopg.connect(database_url, autocommit=True) as db:
            db.execute("SET session_replication_role = replica")
            db.execute("SET search_path = ledger, proof, vault")
            for statement in statements:
                db.execute(statement.replace("CAST(x'00' AS BLOB)", r"'\x00'::bytea").encode())

    return on_postgresql
