"""Logs of builds: opened, then finished with a digest."""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa

from buildledger.events.fact import Recorded
from buildledger.events.log import LogFinished, LogOpened
from buildledger.projections import status_tables as tables
from buildledger.projections.columns import microseconds
from buildledger.projections.projection import ProjectionContradicted
from buildledger.projections.row_buffers import VersionedRows


class LogRows:
    """VersionedRows of the logs that are open; a log may be finished after its build."""

    def __init__(self) -> None:
        self._rows = VersionedRows(tables.log, "id")

    def load(self, connection: sa.Connection, log_ids: set[UUID]) -> None:
        """Read the rows of the logs that aren't in memory."""
        self._rows.load(connection, "id", [log_id for log_id in log_ids if log_id not in self._rows])

    def flush(self, connection: sa.Connection) -> None:
        """Write the rows that changed since the last flush."""
        self._rows.flush(connection)

    def opened(self, recorded: Recorded, fact: LogOpened, seq: int) -> None:
        """Begin the row of a log that was opened."""
        row = {
            "id": recorded.stream_id,
            "seq": seq,
            "step": fact.step,
            "operation_id": fact.operation_id,
            "channel": fact.channel,
            "label": fact.label,
            "truncated": False,
            "opened_at": microseconds(recorded.meta.recorded_at),
        }
        self._rows.put(recorded.position, recorded.stream_id, row)

    def finished(self, recorded: Recorded, fact: LogFinished) -> None:
        """Its size and digest.

        Raises:
            ProjectionContradicted
        """
        log_id = recorded.stream_id
        if log_id not in self._rows:
            raise ProjectionContradicted(recorded, f"log {log_id}")
        values = {
            "size_bytes": fact.size_bytes,
            "line_count": fact.line_count,
            "sha256": fact.sha256,
            "truncated": fact.truncated,
            "finished_at": microseconds(recorded.meta.recorded_at),
        }
        self._rows.put(recorded.position, log_id, values)
        self._rows.settle(log_id)
