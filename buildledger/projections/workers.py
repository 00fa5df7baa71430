"""Workers: configured, enrolled, connected, paused, lost."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar

import sqlalchemy as sa

from buildledger.events import worker as events
from buildledger.events.config import ConfigApplied
from buildledger.events.fact import Fact, Recorded
from buildledger.events.ids import worker_id
from buildledger.projections import machines
from buildledger.projections.columns import encode, flag, identity, microseconds, number, text, versioned
from buildledger.projections.configured import applied, worker_columns
from buildledger.projections.projection import ProjectionWriter
from buildledger.projections.row_buffers import Row, VersionedRows

METADATA = sa.MetaData()

worker = versioned(
    METADATA,
    "worker",
    ("id",),
    identity("id", nullable=False),
    text("name"),
    flag("configured"),
    flag("enrolled"),
    text("credential"),
    number("credential_issued_at", nullable=True),
    number("credential_expires_at", nullable=True),
    text("status"),
    flag("paused"),
    text("paused_by"),
    text("pause_reason"),
    text("configured_labels"),
    number("configured_capacity"),
    text("labels"),
    number("capacity"),
    text("features"),
    text("version"),
    text("os"),
    text("arch"),
    text("address"),
    number("epoch"),
    number("connected_at", nullable=True),
    number("disconnected_at", nullable=True),
    text("disconnect_reason"),
    number("missing_since", nullable=True),
    *machines.columns(),
)
"""`labels` and `capacity` are what the worker says, the configured ones what the configuration says."""
sa.Index("worker_name", worker.c.name)


class Workers:
    """Every worker that is configured or was ever let in."""

    NAME: ClassVar[str] = "workers"
    VERSION: ClassVar[int] = 5
    METADATA: ClassVar[sa.MetaData] = METADATA
    FACTS: ClassVar[frozenset[type[Fact]]] = frozenset(
        {
            events.WorkerEnrolled,
            events.WorkerConnected,
            events.WorkerDisconnected,
            events.WorkerLost,
            events.WorkerMissing,
            events.WorkerReturned,
            events.WorkerPaused,
            events.WorkerResumed,
            events.WorkerRevoked,
            events.WorkerCredentialRotated,
            events.WorkerCredentialExpired,
            ConfigApplied,
            *machines.FACTS,
        }
    )

    def writer(self) -> ProjectionWriter:
        """A writer of rows that has read nothing into memory yet."""
        return WorkersWriter()


class WorkersWriter:
    """Keeps all workers in memory."""

    def __init__(self) -> None:
        self._rows = VersionedRows(worker, "id")
        self._loaded = False

    def apply(self, connection: sa.Connection, batch: Sequence[Recorded]) -> None:
        """See `ProjectionWriter`."""
        if not self._loaded:
            self._rows.load_all(connection)
            self._loaded = True
        for recorded in batch:
            if isinstance(recorded.fact, ConfigApplied):
                self._applied(recorded.position, recorded.fact.text)
            else:
                key = machines.worker_of(recorded) or recorded.stream_id
                known = self._rows.get(key)
                blank = {} if known is not None else {**_UNKNOWN, "id": key}
                change = machines.change(recorded, known) or _change(recorded)
                self._rows.put(recorded.position, key, {**blank, **change})
        self._rows.flush(connection)

    def _applied(self, position: int, configuration: str) -> None:
        if (readable := applied(configuration)) is None:
            return
        named = worker_columns(readable)
        for row in list(self._rows.values()):
            if row["configured"] and row["name"] not in named:
                self._rows.put(position, row["id"], {"configured": False, "driver": ""})
        for name, values in named.items():
            key = worker_id(name)
            known = self._rows.get(key)
            if known is None:
                self._rows.put(position, key, {**_UNKNOWN, "id": key, "name": name, **values, "configured": True})
            elif not known["configured"] or any(known[column] != value for column, value in values.items()):
                self._rows.put(position, key, {"name": name, **values, "configured": True})


_UNKNOWN: Row = {
    "name": "",
    "configured": False,
    "enrolled": False,
    "credential": "none",
    "status": "never_connected",
    "paused": False,
    "paused_by": "",
    "pause_reason": "",
    "configured_labels": "{}",
    "configured_capacity": 0,
    "labels": "{}",
    "features": "[]",
    "capacity": 0,
    "version": "",
    "os": "",
    "arch": "",
    "address": "",
    "epoch": 0,
    "disconnect_reason": "",
    **machines.NONE,
}


def _change(recorded: Recorded) -> Row:
    at = microseconds(recorded.meta.recorded_at)
    match recorded.fact:
        case events.WorkerEnrolled(worker=name, expires_at=until):
            return {"name": name, "enrolled": True, **_issued(at, until)}
        case events.WorkerCredentialRotated(expires_at=until):
            return _issued(at, until)
        case events.WorkerCredentialExpired():
            return {"enrolled": False, "credential": "expired"}
        case events.WorkerConnected() as connected:
            return {
                "name": connected.worker,
                "status": "connected",
                "labels": encode(connected.labels),
                "capacity": connected.capacity,
                "features": encode(connected.features),
                "version": connected.version,
                "os": connected.os,
                "arch": connected.arch,
                "address": connected.address,
                "epoch": connected.epoch,
                "connected_at": at,
                "disconnected_at": None,
                "disconnect_reason": "",
            }
        case events.WorkerDisconnected(reason=reason):
            return {"status": "disconnected", "disconnected_at": at, "disconnect_reason": reason}
        case events.WorkerLost():
            return {"status": "lost"}
        case events.WorkerMissing(since=since):
            return {"missing_since": microseconds(since)}
        case events.WorkerReturned():
            return {"missing_since": None}
        case events.WorkerPaused(by=by, reason=reason):
            return {"paused": True, "paused_by": by, "pause_reason": reason}
        case events.WorkerResumed():
            return {"paused": False, "paused_by": "", "pause_reason": ""}
        case events.WorkerRevoked():
            return {"enrolled": False, "credential": "revoked"}
        case _:
            raise TypeError(f"{recorded.name} is no fact of a worker")


def _issued(at: int, until: datetime | None) -> Row:
    return {
        "credential": "in_force",
        "credential_issued_at": at,
        "credential_expires_at": None if until is None else microseconds(until),
    }
