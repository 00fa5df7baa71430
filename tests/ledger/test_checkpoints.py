"""Followers go on from their checkpoints, and notice altered ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from buildledger.ledger.ledger import Ledger
from buildledger.ledger.sqlite_connection import connect
from buildledger.ledger.store import Checkpoint
from tests.ledger.samples import CLOCK


def test_followers_keep_checkpoints(ledger: Ledger) -> None:
    """Whatever they remember."""
    assert ledger.checkpoint("running") is None
    ledger.save_checkpoint("running", Checkpoint(1, 7, b"state"))
    assert ledger.checkpoint("running") == Checkpoint(1, 7, b"state")


@pytest.mark.parametrize("column", ["position", "state"])
def test_an_altered_checkpoint_is_not_used(tmp_path: Path, column: str) -> None:
    """What a follower remembers counts only as it was stored."""
    ledger = Ledger.open(f"sqlite:///{tmp_path}/ledger.db", clock=CLOCK)
    ledger.save_checkpoint("running", Checkpoint(1, 7, b"state"))
    with connect(tmp_path / "ledger.db") as database:
        other = "position + 1" if column == "position" else "CAST(replace(state, 'state', 'stale') AS BLOB)"
        database.execute(f"UPDATE checkpoint SET {column} = {other}")
    assert ledger.checkpoint("running") is None
    ledger.close()
