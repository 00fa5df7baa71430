"""Revisions of the configuration, from the view `revisions`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import msgspec
import sqlalchemy as sa

from buildledger.api.models import config as models
from buildledger.api.queries.personal_data import PersonalDataResolver
from buildledger.projections import revisions as tables
from buildledger.projections.columns import moment
from buildledger.projections.reading import Reading
from buildledger.projections.row_buffers import chunks

Rows = Sequence[sa.Row[Any]]
_plan = msgspec.json.Decoder(list[str])


def revision_in_force(reading: Reading) -> sa.Row[Any] | None:
    """The row for `as_revisions` of the newest; None before the first."""
    revision = reading.table(tables.revision)
    return reading.first(sa.select(revision).order_by(revision.c.seq.desc()))


def revision_row(reading: Reading, number: int) -> sa.Row[Any] | None:
    """The row for `as_revisions` of one."""
    revision = reading.table(tables.revision)
    return reading.first(sa.select(revision).where(revision.c.revision == number))


def list_revisions(reading: Reading, *, limit: int, before: int) -> Rows:
    """Rows for `as_revisions`, newest first, from the one before the number `before` on."""
    revision = reading.table(tables.revision)
    query = sa.select(revision).where(revision.c.revision < before)
    return reading.all(query.order_by(revision.c.revision.desc()).limit(limit))


def as_revisions(reading: Reading, personal: PersonalDataResolver, rows: Rows) -> list[models.ConfigRevision]:
    """Rows as they are answered."""
    personal.load(actors={row.applied_by for row in rows})
    newest = revision_in_force(reading)
    failures = _failures(reading, [row.revision for row in rows])
    return [
        models.ConfigRevision(
            revision=row.revision,
            digest=row.digest,
            origin=row.origin,
            plan=_plan.decode(row.plan),
            message=row.message,
            restores=row.restores or None,
            applied_by=personal.actor(row.applied_by),
            applied_at=moment(row.applied_at),
            position=row.seq,
            active=newest is not None and row.revision == newest.revision,
            failures=failures[row.revision],
        )
        for row in rows
    ]


def _failures(reading: Reading, revisions: Sequence[int]) -> defaultdict[int, list[models.EffectFailure]]:
    found: defaultdict[int, list[models.EffectFailure]] = defaultdict(list)
    failure = reading.table(tables.effect_failure)
    query = sa.select(failure).order_by(failure.c.seq)
    for chunk in chunks(revisions):
        for row in reading.all(query.where(failure.c.revision.in_(chunk))):
            found[row.revision].append(
                models.EffectFailure(component=row.component, detail=row.detail, failed_at=moment(row.failed_at))
            )
    return found
