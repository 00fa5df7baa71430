"""Which connections are taken for reading, and what they are told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa

from buildledger.ledger.database import open_engine
from buildledger.ledger.postgresql_connection import CONNECTION_OPTIONS, connect
from buildledger.projections.storage import PostgresViews, SqliteViews
from buildledger.projections.views import Views


@contextmanager
def listening(target: Any, event: str, said: Any) -> Iterator[None]:
    sa.event.listen(target, event, said)
    try:
        yield
    finally:
        sa.event.remove(target, event, said)


def test_views_are_always_read_in_the_same_order(tmp_path: Path) -> None:
    """However they are named: of two reads none waits for a connection that the other holds."""
    views = Views(SqliteViews(tmp_path))
    taken: list[list[int]] = []
    for names in (("status", "queue", "changes"), ("changes", "status", "queue"), ("queue", "changes", "status")):
        pools: list[int] = []

        def note(connection: Any, record: Any, proxy: Any, pools: list[int] = pools) -> None:
            pools.append(id(proxy._pool))

        with listening(sa.pool.Pool, "checkout", note), views.read(None, *names) as readings:
            assert len(readings) == 3
        taken.append(pools)
    views.close()
    assert len(set(taken[0])) == 3
    assert taken[0] == taken[1] == taken[2]


@pytest.mark.postgresql
def test_a_connection_to_a_machine_that_is_gone_breaks(postgresql_url: str) -> None:
    """Every connection to PostgreSQL asks whether the other end is still there."""
    told: list[dict[str, Any]] = []

    def note(dialect: Any, record: Any, arguments: Any, parameters: dict[str, Any]) -> None:
        told.append(dict(parameters))

    with listening(sa.Engine, "do_connect", note):
        views = Views(PostgresViews(postgresql_url))
        with views.read(None, "status"):
            pass
        views.close()
        vault = open_engine(postgresql_url, "vault")
        vault.dispose()
    assert len(told) >= 3
    assert all(parameters.items() >= CONNECTION_OPTIONS.items() for parameters in told)
    with connect(postgresql_url) as db:
        assert {"keepalives_idle", "tcp_user_timeout"} <= psycopg.conninfo.conninfo_to_dict(db.info.dsn).keys()
