"""Why requests wait, at the position of an answer."""

from __future__ import annotations

from collections import Counter
from functools import cached_property, partial
from typing import Any

import msgspec
import sqlalchemy as sa

from buildledger.api.models import requests as models
from buildledger.api.queries import machines as machine_queries
from buildledger.api.queries import workers as worker_queries
from buildledger.api.queries.locks import LockSituation, lock_holders
from buildledger.api.queries.readings import Readings
from buildledger.config.evaluation.placement import Candidate, worker_view
from buildledger.config.evaluation.wait_reason import Situation, tried_again
from buildledger.config.resolved import Configuration
from buildledger.events.ids import ChangeId
from buildledger.events.request import SourceStamp
from buildledger.projections import queue_tables
from buildledger.projections.reading import Reading
from buildledger.reactors.state.changed_paths import ChangePaths

WORKERS_NAMED_MAX = 20
_labels = msgspec.json.Decoder(dict[str, str])
_features = msgspec.json.Decoder(tuple[str, ...])
_stamps = msgspec.json.Decoder(list[SourceStamp])
_ids = msgspec.json.Decoder(tuple[ChangeId, ...])


class WaitReasons:
    """Gives the reasons; reads workers and builds once, when it is first asked."""

    def __init__(self, readings: Readings) -> None:
        self._readings = readings

    def of(self, row: sa.Row[Any]) -> models.Waiting:
        """Why the request of a row for `as_requests` waits; only for one that does."""
        stamps, inputs = _stamps.decode(row.stamps), msgspec.json.decode(row.inputs)
        reason = self._situation.why(
            row.builder, stamps, inputs, lambda: self._paths.of(_ids.decode(row.changes)).paths, row.pipeline
        )
        if row.attempts:
            reason = tried_again(reason)
        return models.Waiting(
            code=reason.code,
            text=reason.text,
            workers=list(reason.workers[:WORKERS_NAMED_MAX]),
            condition=reason.condition or None,
            lock=reason.lock or None,
            held_by=lock_holders(reason.held_by),
        )

    @cached_property
    def _paths(self) -> ChangePaths:
        return ChangePaths(self._readings.deps.ledger)

    @cached_property
    def _situation(self) -> Situation:
        readings = self._readings
        configuration = readings.configurations.in_force(readings["revisions"])
        if configuration is None:
            return Situation(None, (), ())
        locks = LockSituation(readings)
        used = Counter(row.worker for row in locks.rows)
        rows = worker_queries.configured_rows(readings["workers"])
        candidates = [_candidate(configuration, row, used[row.name]) for row in rows]
        waiting = partial(_waiting_builders, readings["queue"])
        composed = partial(readings.configurations.allowed, configuration)
        return Situation(configuration, candidates, locks.running, waiting, locks.waiting_steps, composed)


def _waiting_builders(reading: Reading) -> list[tuple[str, str | None]]:
    request, state = reading.table(queue_tables.request), reading.table(queue_tables.request_state)
    joined = request.join(state, request.c.seq == state.c.seq)
    query = (
        sa.select(request.c.builder, request.c.pipeline)
        .select_from(joined)
        .where(state.c.status == "waiting")
        .distinct()
    )
    return [(row.builder, row.pipeline) for row in reading.all(query)]


def _candidate(configuration: Configuration, row: sa.Row[Any], used: int) -> Candidate:
    seen = row.status != "never_connected"
    labels = {"os": row.os, "arch": row.arch} | _labels.decode(row.labels) if seen else {}
    return Candidate(
        view=worker_view(
            configuration,
            row.name,
            labels,
            row.capacity if seen else None,
            _features.decode(row.features) if seen else None,
        ),
        connected=row.status == "connected",
        paused=row.paused,
        revoked=row.credential == "revoked",
        stopping=row.phase == "stopping",
        starting=machine_queries.is_starting(row),
        quarantined=machine_queries.quarantine_reason(row),
        used=used,
    )
