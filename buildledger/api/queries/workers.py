"""Workers, from the view `workers`, and which builds run on them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
import sqlalchemy as sa

from buildledger.api.models import workers as models
from buildledger.api.models.scalars import BuildRef
from buildledger.api.queries import builds as build_queries
from buildledger.api.queries import machines as machine_queries
from buildledger.projections.columns import optional_moment
from buildledger.projections.reading import Reading
from buildledger.projections.workers import worker as worker_table

Rows = Sequence[sa.Row[Any]]
_labels = msgspec.json.Decoder(dict[str, str])


def list_workers(reading: Reading, *, former: bool = False, limit: int | None = None, after: str | None = None) -> Rows:
    """Rows for `as_workers` by name, behind the name `after`. A worker whose name isn't known is left out.

    Former ones are asked for by themselves: those that aren't configured, and are gone for good or never came.
    """
    worker = reading.table(worker_table)
    present = sa.or_(worker.c.configured, worker.c.status.in_(("connected", "disconnected")))
    query = sa.select(worker).where(worker.c.name > (after or "")).order_by(worker.c.name)
    query = query.where(sa.not_(present) if former else present)
    return reading.all(query.limit(limit))


def worker_row(reading: Reading, name: str) -> sa.Row[Any] | None:
    """The row for `as_workers` of one worker."""
    worker = reading.table(worker_table)
    return reading.first(sa.select(worker).where(worker.c.name == name))


def configured_workers(reading: Reading) -> Rows:
    """Name, status and who paused it, of each configured worker."""
    worker = reading.table(worker_table)
    return reading.all(sa.select(worker.c.name, worker.c.status, worker.c.paused_by).where(worker.c.configured))


def configured_rows(reading: Reading) -> Rows:
    """The whole rows of all configured workers, in no order."""
    worker = reading.table(worker_table)
    return reading.all(sa.select(worker).where(worker.c.configured))


def count_missing(reading: Reading) -> int:
    """How many configured workers are missing."""
    worker = reading.table(worker_table)
    return reading.count(sa.select(worker.c.id).where(worker.c.configured, worker.c.missing_since.is_not(None)))


def count_failing(reading: Reading, failures: int) -> int:
    """How many configured workers have failed to start this often in a row, or more often."""
    worker = reading.table(worker_table)
    return reading.count(sa.select(worker.c.id).where(worker.c.configured, worker.c.failures >= failures))


def labels_of(row: sa.Row[Any]) -> dict[str, str]:
    """The labels that a worker says of itself and, over these, those of the configuration."""
    itself = {"os": row.os, "arch": row.arch} if row.os or row.arch else {}
    return itself | _labels.decode(row.labels) | _labels.decode(row.configured_labels)


def capacity_of(row: sa.Row[Any]) -> int:
    """How many builds a worker takes at once: the lower of what it offers and what the configuration allows."""
    known = [value for value in (row.capacity, row.configured_capacity) if value]
    return min(known, default=0)


def as_workers(rows: Rows, running: Iterable[sa.Row[Any]]) -> list[models.Worker]:
    """Rows as they are answered, with the builds that run on them, which are rows for `builds.as_reference`."""
    builds: defaultdict[str, list[BuildRef]] = defaultdict(list)
    for row in running:
        builds[row.worker].append(build_queries.as_reference(row))
    return [
        models.Worker(
            name=row.name,
            configured=row.configured,
            enrolled=row.enrolled,
            credential=models.WorkerCredential(
                state=row.credential,
                issued_at=optional_moment(row.credential_issued_at),
                expires_at=optional_moment(row.credential_expires_at),
            ),
            status=row.status,
            paused=row.paused,
            paused_by=row.paused_by or None,
            pause_reason=row.pause_reason,
            labels=labels_of(row),
            capacity=capacity_of(row),
            running=builds.get(row.name, []),
            version=row.version,
            os=row.os,
            arch=row.arch,
            address=row.address,
            epoch=row.epoch,
            connected_at=optional_moment(row.connected_at),
            disconnected_at=optional_moment(row.disconnected_at),
            disconnect_reason=row.disconnect_reason,
            missing_since=optional_moment(row.missing_since),
            machine=machine_queries.as_machine(row, busy=row.name in builds),
        )
        for row in rows
    ]
