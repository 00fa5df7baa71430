"""A checkpoint holds what its version has always held."""

from __future__ import annotations

import msgspec
import pytest

from tests.golden.checkpoints.folds import CHECKPOINTS, KnownCheckpoint


@pytest.mark.parametrize("checkpoint", CHECKPOINTS, ids=lambda checkpoint: checkpoint.name)
def test_a_checkpoint_holds_what_its_version_held(checkpoint: KnownCheckpoint) -> None:
    """A server that is upgraded begins at the checkpoint of the one before, so it must mean the same to both."""
    assert checkpoint.golden.exists(), "a version without a golden: run `python -m tests.golden.checkpoints.record`"
    assert checkpoint.describe() == msgspec.json.decode(checkpoint.golden.read_bytes()), (
        f"the checkpoint {checkpoint.name} holds something else than before: raise {checkpoint.raise_here},"
        " and run `python -m tests.golden.checkpoints.record`"
    )
