"""Whatever is altered of what an installation stores, `audit verify` finds it and names it."""

from __future__ import annotations

import shutil
from contextlib import closing
from pathlib import Path
from random import Random

import pytest
from click.testing import CliRunner

from buildledger.audit.installation import stored_installation
from buildledger.audit.start_check import contradictions
from buildledger.cli.main import group
from buildledger.ledger.database import open_store
from buildledger.ledger.proof import Tree
from buildledger.ledger.vault_reading import VaultReader
from tests.faults.alterations import ALTERATIONS
from tests.faults.altering import database
from tests.faults.lived_in import lived_in
from tests.faults.loop import LoopOutcome
from tests.faults.loops.alterations import verified
from tests.faults.loops.flipped_bits import flip_once

FLIPPED_BITS = 24


@pytest.fixture(scope="module")
def left(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a server left that has built something."""
    return lived_in(tmp_path_factory.mktemp("lived"))


@pytest.fixture
def state(left: Path, tmp_path: Path) -> Path:
    """A copy of it, to be altered."""
    return Path(shutil.copytree(left, tmp_path / "state", ignore=shutil.ignore_patterns("mirrors")))


def test_what_was_not_altered_is_all_right(state: Path) -> None:
    """There is something of every kind, and nothing is wrong with it, nor changed by looking at it."""
    before = {path: path.read_bytes() for path in state.rglob("*") if path.is_file() and "-shm" not in path.name}
    report = verified(state)
    assert report.ok, report.to_text()
    assert not report.unchecked
    assert all(report.read.values()), report.read
    assert {path: path.read_bytes() for path in before} == before


@pytest.mark.parametrize("name", ALTERATIONS)
def test_an_alteration_is_found_and_named(state: Path, name: str) -> None:
    """By its check, with what it is, what can't be relied on, and what to do."""
    alter, check = ALTERATIONS[name]
    altered = alter(state, Random(name))
    report = verified(state)
    assert check in {finding.check for finding in report.findings}, (altered, report.to_text())
    assert altered.names in report.to_text(), (altered, report.to_text())
    assert all(finding.advice for finding in report.findings)


def test_a_changed_bit_of_a_file_is_found_or_holds_nothing(left: Path, tmp_path: Path) -> None:
    """Of each database in turn: rows, indexes, and what SQLite keeps for itself."""
    outcome = LoopOutcome()
    for number in range(FLIPPED_BITS):
        flip_once(left, tmp_path / "altered", number, str(number), outcome)
    assert (outcome.done, outcome.details) == (FLIPPED_BITS, [])


def test_no_server_goes_on_without_its_vault(state: Path) -> None:
    """Facts name texts that were in it."""
    url = f"sqlite:///{state / 'ledger.db'}"
    with stored_installation(state, url) as stored:
        vault = VaultReader.open(url)
        assert contradictions(stored.store, stored.tree, vault) == []
        vault.close()
        for path in state.glob("vault.db*"):
            path.unlink()
        (said,) = contradictions(stored.store, stored.tree, VaultReader.open(url))
    assert "of the newest texts in the vault" in said


def test_followers_without_checkpoints_are_right(state: Path) -> None:
    """A checkpoint saves time at the next start and nothing else: without it nothing is wrong."""
    with database(state / "ledger.db") as db:
        assert db.execute("DELETE FROM checkpoint").rowcount > 1
    report = verified(state)
    assert report.ok
    assert report.read["checkpoints"] == 0


def test_the_last_facts_gone_with_their_proofs_are_missed_by_a_head_kept_elsewhere(state: Path, tmp_path: Path) -> None:
    """The head that a server prints when it stops, in a file, names what is gone though nothing here speaks of it."""
    url = f"sqlite:///{state / 'ledger.db'}"
    with closing(open_store(url, read_only=True)) as store, closing(Tree.open(store, url, read_only=True)) as tree:
        (size, verifier, note), *_ = tree.newest_heads(1)
    kept = tmp_path / "heads.txt"
    kept.write_text(f"The last tree head. Keep it elsewhere:\n{verifier}\n{note}\nwhatever comes then\n")
    with database(state / "ledger.db") as db:
        (cut_at,) = db.execute("SELECT last_position FROM chain ORDER BY 1 DESC LIMIT 1 OFFSET 4").fetchone()
        for table, column in (("fact", "position"), ("chain", "last_position"), ("command", "position")):
            db.execute(f"DELETE FROM {table} WHERE {column} > ?", (cut_at,))
        db.execute("DELETE FROM checkpoint")
    for path in state.glob("proof.db*"):
        path.unlink()
    shown = CliRunner().invoke(group, ["audit", "verify", "--state", str(state), "--head", str(kept)])
    assert shown.exit_code == 1
    assert f"a signed head covers {size} facts, the ledger ends at {cut_at}" in shown.output
