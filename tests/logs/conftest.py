"""A fresh local store for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from buildledger.logs.local import LocalLogStore


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "logs"


@pytest.fixture
def store(directory: Path) -> Iterator[LocalLogStore]:
    store = LocalLogStore(directory)
    yield store
    store.close()
