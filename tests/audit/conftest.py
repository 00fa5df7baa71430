"""An administrator of the database who alters it."""

from __future__ import annotations

import pytest

from tests.audit.tampering import Tamper, tamperer


@pytest.fixture
def tamper(database_url: str) -> Tamper:
    return tamperer(database_url)
