"""Text in a PostgreSQL database that was made for other text."""

from __future__ import annotations

import psycopg
import pytest

from buildledger.clock import SystemClock
from buildledger.ledger.errors import LedgerFormatError
from buildledger.ledger.ledger import Ledger
from buildledger.ledger.postgresql_connection import connect
from tests.fakes.postgresql import PostgresqlCluster

pytestmark = pytest.mark.postgresql


@pytest.mark.parametrize("encoding", ["LATIN1", "SQL_ASCII"])
def test_a_database_that_cannot_hold_every_character_is_refused(postgresql: PostgresqlCluster, encoding: str) -> None:
    """At the start, by its encoding: read models would have set one fact aside after the other."""
    options = f"ENCODING {encoding} LOCALE 'C' TEMPLATE template0"
    with postgresql.database(options) as url, pytest.raises(LedgerFormatError, match=f"in {encoding}.*ENCODING 'UTF8'"):
        Ledger.open(url, clock=SystemClock())


def test_what_database_and_environment_say_of_clients_does_not_matter(
    postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every connection speaks UTF-8."""
    monkeypatch.setenv("PGCLIENTENCODING", "LATIN1")
    with psycopg.connect(postgresql_url, autocommit=True) as db:
        db.execute(
            "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET client_encoding = LATIN1', current_database()); END $$"
        )
    with connect(postgresql_url) as db:
        row = db.execute("SELECT %s", ("\u65e5\u672c \U0001f4a9",)).fetchone()
    assert row == ("\u65e5\u672c \U0001f4a9",)
