"""Stores for each test."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.operations.installation import Installation


@pytest.fixture
async def installation(tmp_path: Path) -> AsyncIterator[Installation]:
    installation = Installation(tmp_path)
    yield installation
    await installation.close()
