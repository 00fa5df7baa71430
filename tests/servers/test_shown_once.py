"""Names that count once at all servers, in a real PostgreSQL."""

from __future__ import annotations

import psycopg
import pytest

from buildledger.ledger.errors import StoreError
from buildledger.servers.shown_once import SWEEP_ADDS, ShownOnce

pytestmark = pytest.mark.postgresql


def test_a_name_counts_once(postgresql_url: str) -> None:
    """Whichever server is told it; those that have expired are removed now and then."""
    one, two = ShownOnce(postgresql_url), ShownOnce(postgresql_url)
    assert one.add("a", 10, 0)
    assert not two.add("a", 10, 0)
    assert [two.add(f"b{number}", 20, 11) for number in range(SWEEP_ADDS)] == [True] * SWEEP_ADDS
    assert two.add("c", 20, 11)
    with psycopg.connect(postgresql_url) as db:
        assert db.execute("SELECT count(*) FROM servers.shown_once WHERE until < 11").fetchone() == (0,)
    one.close()
    two.close()


def test_a_connection_that_ended_is_made_anew(postgresql_url: str) -> None:
    """The database was restarted: nobody notices."""
    shown = ShownOnce(postgresql_url)
    with psycopg.connect(postgresql_url, autocommit=True) as db:
        db.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE pid <> pg_backend_pid() AND datname = current_database()"
        )
    assert shown.add("a", 10, 0)
    shown.close()
    with pytest.raises(StoreError):
        ShownOnce(postgresql_url.rpartition("/")[0] + "/nothing")
