"""Rows of the status view → builders."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import msgspec
import sqlalchemy as sa

from buildledger.api.models import builders as models
from buildledger.api.models.scalars import BuildRef
from buildledger.api.queries import builds as build_queries
from buildledger.projections.columns import moment
from buildledger.projections.reading import Reading
from buildledger.projections.status_tables import builder

_matrix = msgspec.json.Decoder(dict[str, str | int | bool])
_tags = msgspec.json.Decoder(list[str])


def listed(reading: Reading) -> sa.Select[Any]:
    """Builders at the reading's position."""
    return sa.select(builder).where(reading.is_current(builder))


def as_builders(reading: Reading, rows: Sequence[sa.Row[Any]]) -> list[models.Builder]:
    """Rows of `listed` as they are answered, with two more queries."""
    seqs = {seq for row in rows for seq in (row.last_seq, row.broken_seq) if seq is not None}
    builds = build_queries.references(reading, seqs)
    running: defaultdict[str, list[BuildRef]] = defaultdict(list)
    for row in build_queries.running(reading):
        running[row.builder].append(build_queries.as_reference(row))
    return [
        models.Builder(
            name=row.name,
            base=row.base,
            matrix=_matrix.decode(row.matrix),
            project=row.project,
            description=row.description,
            tags=_tags.decode(row.tags),
            configured=row.configured,
            status=row.status,
            last_result=row.last_result,
            last_build=builds.get(row.last_seq),
            broken=broken_of(row, builds),
            build_count=row.build_count,
            running=running.get(row.name, []),
        )
        for row in rows
    ]


def broken_of(row: sa.Row[Any], builds: dict[int, BuildRef]) -> models.Broken | None:
    """Since when the builder is broken, if it is."""
    if row.broken_seq is None:
        return None
    return models.Broken(since=builds[row.broken_seq], failures=row.failures, since_at=moment(row.broken_at))
