"""Claims about people, from the view `people`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from buildledger.projections.people import claim as claim_table
from buildledger.projections.reading import Reading


def list_claims(reading: Reading, *, limit: int, before: int | None) -> Sequence[sa.Row[Any]]:
    """Position and id of claims, the last recorded first, from the one recorded before position `before` on."""
    claim = reading.table(claim_table)
    query = sa.select(claim.c.seq, claim.c.id).order_by(claim.c.seq.desc()).limit(limit)
    return reading.all(query if before is None else query.where(claim.c.seq < before))
