"""Indexes of a PostgreSQL that lead to something else than their tables have are named, which no fact could tell."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from buildledger.audit.database_indexes import DamagedIndex, damaged_indexes
from buildledger.audit.installation import stored_installation
from buildledger.audit.report import Check
from buildledger.ledger.ledger import Ledger
from buildledger.ledger.proof import Tree
from buildledger.ledger.vault import Vault
from tests.ledger.samples import CLOCK, SYSTEM, open_log

pytestmark = pytest.mark.postgresql
CHANGES = 12


@pytest.fixture
def ledger_url(postgresql_url: str) -> str:
    """A ledger with some facts, in PostgreSQL."""
    Vault.open(postgresql_url).close()
    with closing(Ledger.open(postgresql_url, clock=CLOCK)) as ledger:
        for number in range(CHANGES):
            ledger.execute_blocking(open_log(str(number)), origin=SYSTEM)
        Tree.open(ledger.store, postgresql_url).close()
    return postgresql_url


def damaged(url: str) -> Sequence[DamagedIndex]:
    """The indexes that something is wrong with."""
    return [each for each in damaged_indexes(url) if each is not None]


def behind_its_back(url: str, index: str, *statements: str) -> None:
    """Change a table while an index of it isn't told."""
    with psycopg.connect(url, autocommit=True) as db:
        db.execute("SET session_replication_role = replica")
        told = f"UPDATE pg_index SET indisready = %s WHERE indexrelid = '{index}'::regclass"
        db.execute(told.encode(), (False,))
        for statement in statements:
            db.execute(statement.encode())
        db.execute(told.encode(), (True,))


def test_indexes_that_were_not_touched_are_all_right(ledger_url: str) -> None:
    """Each of ledger, proofs and vault is looked at."""
    found = list(damaged_indexes(ledger_url))
    assert len(found) >= 10
    assert set(found) == {None}


@pytest.mark.parametrize("index", ["ledger.fact_pkey", "ledger.fact_stream_id_version_key", "ledger.fact_by_name"])
def test_a_row_that_no_index_leads_to_is_missed(ledger_url: str, tmp_path: Path, index: str) -> None:
    """The index is named by the audit, with what to do; made anew it is all right."""
    row = "gen_random_uuid(), 1, 'log.opened.v1', '\\x00'"
    behind_its_back(ledger_url, index, f"INSERT INTO ledger.fact VALUES (1000, {row})")
    (found,) = damaged(ledger_url)
    assert (found.name, found.table) == (index, "ledger.fact")
    assert f"it leads to {CHANGES} rows instead of {CHANGES + 1}" in found.detail
    with stored_installation(tmp_path, ledger_url) as stored:
        text = stored.verify(skipped=set(Check) - {Check.FILES}).to_text()
    assert f"index {index}: it leads to" in text
    assert f"`REINDEX INDEX {index}`" in text
    with psycopg.connect(ledger_url, autocommit=True) as db:
        db.execute(f"REINDEX INDEX {index}".encode())
    assert damaged(ledger_url) == []
