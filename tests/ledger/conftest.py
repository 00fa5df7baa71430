"""An open ledger, in every database that there is."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from buildledger.ledger.ledger import Ledger
from tests.ledger.samples import CLOCK


@pytest.fixture
def ledger(database_url: str) -> Iterator[Ledger]:
    ledger = Ledger.open(database_url, clock=CLOCK)
    yield ledger
    ledger.close()
