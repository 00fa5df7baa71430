"""Whatever is altered of what an installation stores, `audit verify` finds it and names it."""

from __future__ import annotations

import shutil
from pathlib import Path
from random import Random

import pytest

from buildledger.audit.installation import stored_installation
from buildledger.audit.report import Report
from tests.faults.altering import ALTERATIONS
from tests.faults.lived_in import lived_in


@pytest.fixture(scope="module")
def left(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a server left that has built something."""
    return lived_in(tmp_path_factory.mktemp("lived"))


@pytest.fixture
def state(left: Path, tmp_path: Path) -> Path:
    """A copy of it, to be altered."""
    return Path(shutil.copytree(left, tmp_path / "state", ignore=shutil.ignore_patterns("mirrors")))


def verified(state: Path) -> Report:
    with stored_installation(state, f"sqlite:///{state / 'ledger.db'}") as stored:
        return stored.verify()


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
