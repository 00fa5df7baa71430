"""Requests, waiting and answered."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar
from uuid import UUID

import sqlalchemy as sa

from buildledger.events import request as events
from buildledger.events.fact import Fact, Recorded
from buildledger.projections import queue_tables as tables
from buildledger.projections.columns import encode, microseconds
from buildledger.projections.projection import ProjectionContradicted, ProjectionWriter
from buildledger.projections.row_buffers import AppendBuffer, Row, VersionedRows, chunks


class Queue:
    """Requests with their state. Why one waits isn't stored: `config/evaluation/wait_reason.py` says it."""

    NAME: ClassVar[str] = "queue"
    VERSION: ClassVar[int] = 4
    METADATA: ClassVar[sa.MetaData] = tables.METADATA
    FACTS: ClassVar[frozenset[type[Fact]]] = frozenset(
        {
            events.RequestSubmitted,
            events.RequestPrioritised,
            events.RequestClaimed,
            events.RequestCollapsed,
            events.RequestReturned,
            events.RequestFinished,
        }
    )

    def writer(self) -> ProjectionWriter:
        """A writer of rows that has read nothing into memory yet."""
        return QueueWriter()


class QueueWriter:
    """Keeps the requests that aren't answered in memory, once they have been spoken of."""

    def __init__(self) -> None:
        self._requests = AppendBuffer(tables.request)
        self._states = VersionedRows(tables.request_state, "seq")
        self._open: dict[UUID, int] = {}
        self._over: list[UUID] = []

    def apply(self, connection: sa.Connection, batch: Sequence[Recorded]) -> None:
        """See `ProjectionWriter`."""
        self._load(connection, batch)
        for recorded in batch:
            fact = recorded.fact
            if isinstance(fact, events.RequestSubmitted):
                self._submitted(recorded, fact)
                continue
            seq = self._open.get(recorded.stream_id)
            if seq is None:
                raise ProjectionContradicted(recorded, f"request {recorded.stream_id}")
            self._states.put(recorded.position, seq, _change(recorded, fact))
            if isinstance(fact, events.RequestFinished):
                self._forget(recorded.stream_id, seq)
        self._requests.flush(connection)
        self._states.flush(connection)
        for request_id in self._over:
            self._open.pop(request_id, None)
        self._over.clear()

    def _load(self, connection: sa.Connection, batch: Sequence[Recorded]) -> None:
        begun = {recorded.stream_id for recorded in batch if isinstance(recorded.fact, events.RequestSubmitted)}
        missing = {recorded.stream_id for recorded in batch} - begun - self._open.keys()
        columns = sa.select(tables.request.c.id, tables.request.c.seq)
        loaded: dict[int, UUID] = {}
        for chunk in chunks(missing):
            for request_id, seq in connection.execute(columns.where(tables.request.c.id.in_(chunk))):
                self._open[request_id] = seq
                loaded[seq] = request_id
        for row in self._states.load(connection, "seq", loaded):
            if row["status"] == "finished":
                self._forget(loaded[row["seq"]], row["seq"])

    def _forget(self, request_id: UUID, seq: int) -> None:
        self._over.append(request_id)
        self._states.settle(seq)

    def _submitted(self, recorded: Recorded, fact: events.RequestSubmitted) -> None:
        seq = recorded.position
        self._open[recorded.stream_id] = seq
        self._requests.add(
            {
                "seq": seq,
                "id": recorded.stream_id,
                "builder": fact.builder,
                "reason": fact.reason,
                "trigger": fact.trigger,
                "requested_by": fact.requested_by,
                "stamps": encode(fact.stamps),
                "changes": encode(fact.changes),
                "inputs": encode(fact.inputs),
                "config_digest": fact.config_digest,
                "pipeline": fact.pipeline,
                "parent_build": fact.parent_build,
                "parent_step": fact.parent_step,
                "rebuild_of": fact.rebuild_of,
                "submitted_at": microseconds(recorded.meta.recorded_at),
            }
        )
        self._states.put(seq, seq, {"seq": seq, "status": "waiting", "priority": fact.priority, "attempts": 0})


def _change(recorded: Recorded, fact: Fact) -> Row:
    match fact:
        case events.RequestPrioritised(priority=priority):
            return {"priority": priority}
        case events.RequestClaimed(build_id=build_id, attempt=attempt):
            unexplained = {"explanation": None, "explained_by": None, "explained_at": None}
            return {"status": "claimed", "build_id": build_id, "attempts": attempt, **unexplained}
        case events.RequestCollapsed(into=into):
            return {"status": "collapsed", "collapsed_into": into, **_explained(recorded, "")}
        case events.RequestReturned(reason=reason):
            return {"status": "waiting", "build_id": None, **_explained(recorded, reason)}
        case events.RequestFinished(result=result, build_id=build_id, reason=reason):
            at = microseconds(recorded.meta.recorded_at)
            values = {"status": "finished", "result": result.value, "finished_at": at}
            answer = _explained(recorded, reason) if build_id is None else {"build_id": build_id}
            return {**values, **answer}
        case _:
            raise TypeError(f"{recorded.name} is no fact of a request")


def _explained(recorded: Recorded, reason: str) -> Row:
    meta = recorded.meta
    return {"explanation": reason, "explained_by": meta.actor, "explained_at": microseconds(meta.recorded_at)}
