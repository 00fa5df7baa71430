"""Rows of the workers view → workers, and where builds run."""

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
from buildledger.projections.columns import moment
from buildledger.projections.reading import Reading
from buildledger.projections.workers import worker

_labels = msgspec.json.Decoder(dict[str, str])


def listed(reading: Reading) -> sa.Select[Any]:
    """Workers at the reading's position; those without a name are known only by what nobody can tell."""
    return sa.select(worker).where(reading.is_current(worker), worker.c.name != "")


def labels_of(row: sa.Row[Any]) -> dict[str, str]:
    """What the worker says of itself, and over it what the configuration says."""
    itself = {"os": row.os, "arch": row.arch} if row.os or row.arch else {}
    return itself | _labels.decode(row.labels) | _labels.decode(row.configured_labels)


def capacity_of(row: sa.Row[Any]) -> int:
    """The lower of what the worker offers and what the configuration allows."""
    known = [value for value in (row.capacity, row.configured_capacity) if value]
    return min(known, default=0)


def as_workers(rows: Sequence[sa.Row[Any]], running: Iterable[sa.Row[Any]]) -> list[models.Worker]:
    """Rows of `listed` as they are answered, with the builds that run on them."""
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
                issued_at=None if row.credential_issued_at is None else moment(row.credential_issued_at),
                expires_at=None if row.credential_expires_at is None else moment(row.credential_expires_at),
            ),
            status=row.status,
            paused=row.paused,
            pause_reason=row.pause_reason,
            labels=labels_of(row),
            capacity=capacity_of(row),
            running=builds.get(row.name, []),
            version=row.version,
            os=row.os,
            arch=row.arch,
            address=row.address,
            epoch=row.epoch,
            connected_at=None if row.connected_at is None else moment(row.connected_at),
            disconnected_at=None if row.disconnected_at is None else moment(row.disconnected_at),
            disconnect_reason=row.disconnect_reason,
            missing_since=None if row.missing_since is None else moment(row.missing_since),
            machine=machine_queries.as_machine(row, busy=row.name in builds),
        )
        for row in rows
    ]
