"""A projection makes of a history what its version has always made of it."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from buildledger.projections.projection import Projection
from buildledger.projections.registry import PROJECTIONS
from tests.golden.projections.rows import golden, rows


@pytest.mark.parametrize("projection", PROJECTIONS, ids=lambda projection: projection.NAME)
def test_a_projection_makes_the_rows_that_its_version_made(projection: Projection, tmp_path: Path) -> None:
    """A server that is upgraded goes on with the rows of the one before, unless the version is raised."""
    path = golden(projection)
    assert path.exists(), "a version without rows: run `python -m tests.golden.projections.record`"
    assert rows(projection, tmp_path) == msgspec.json.decode(path.read_bytes()), (
        f"{projection.NAME} makes other rows than before: raise VERSION of {type(projection).__name__} in"
        f" {type(projection).__module__.replace('.', '/')}.py, and run `python -m tests.golden.projections.record`"
    )
