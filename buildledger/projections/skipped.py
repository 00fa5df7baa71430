"""Which facts readers go on without, as the ledger says it."""

from __future__ import annotations

from collections.abc import Sequence

from buildledger.events.projection import ProjectionSkipped
from buildledger.ledger.ledger import Ledger
from buildledger.ledger.store import FactQuery
from buildledger.projections.registry import BY_NAME

SHOWN = 1_000
"""The last so many are looked at."""


def skipped_facts(ledger: Ledger) -> dict[str, Sequence[ProjectionSkipped]]:
    """By reader, those that it still goes on without: a later version of it has read them again. Blocks for queries.

    Raises:
        StoreError
    """
    query = FactQuery(names=(ProjectionSkipped.NAME,), descending=True)
    found: dict[str, list[ProjectionSkipped]] = {}
    for recorded in reversed(ledger.select(query, SHOWN)):
        fact = recorded.fact
        if isinstance(fact, ProjectionSkipped):
            found.setdefault(fact.reader, []).append(fact)
    versions = {reader: _version(ledger, reader) for reader in found}
    still = {
        reader: [fact for fact in facts if versions[reader] in (None, fact.reader_version)]
        for reader, facts in found.items()
    }
    return {reader: facts for reader, facts in still.items() if facts}


def _version(ledger: Ledger, reader: str) -> int | None:
    """Of the projection, or of the fold's checkpoint; None: it has none yet."""
    if (projection := BY_NAME.get(reader)) is not None:
        return projection.VERSION
    checkpoint = ledger.checkpoint(reader)
    return None if checkpoint is None else checkpoint.version
