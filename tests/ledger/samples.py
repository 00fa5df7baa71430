"""Commands and stored facts for the tests of this room."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID, uuid4, uuid5

from eventsourcing.persistence import StoredEvent

from buildledger.domain.log import FinishLog, OpenLog
from buildledger.domain.worker import PauseWorker, ResumeWorker
from buildledger.events.codec import encode
from buildledger.events.fact import Metadata
from buildledger.events.ids import NAMESPACE, BuildId, LogId, OperationId
from buildledger.events.log import LogFinished, LogOpened
from buildledger.events.worker import PausedBy, WorkerPaused
from buildledger.ledger.submission import Origin
from buildledger.testing.clock import VirtualClock

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
SYSTEM = Origin(actor="system")


CLOCK = VirtualClock(AT)


def stream(name: str) -> UUID:
    return uuid5(NAMESPACE, name)


def stored(stream_id: UUID, version: int, reason: str = "") -> StoredEvent:
    """A fact as the store keeps it."""
    meta = Metadata(recorded_at=AT, actor="system", command_id=stream(f"{stream_id}{version}{reason}"))
    return StoredEvent(
        stream_id, version, WorkerPaused.NAME, encode(WorkerPaused(by=PausedBy.PERSON, reason=reason), meta)
    )


def log_id(name: str) -> LogId:
    return LogId(stream(name))


def open_log(name: str, label: str = "pytest") -> OpenLog:
    """Decides one fact on the log's own stream, once."""
    opened = LogOpened(
        build_id=BuildId(stream("build")),
        step=1,
        operation_id=OperationId(stream("operation")),
        channel="stdio",
        label=label,
    )
    return OpenLog(log_id=log_id(name), opened=opened)


def finish_log(name: str, size_bytes: int = 1) -> FinishLog:
    """Refused unless the log was opened."""
    return FinishLog(log_id=log_id(name), finished=LogFinished(size_bytes=size_bytes, line_count=1, sha256="00"))


def pause(worker: str, reason: str = "") -> PauseWorker:
    return PauseWorker(worker=worker, reason=reason)


def resume(worker: str) -> ResumeWorker:
    return ResumeWorker(worker=worker)


def origin(command_id: UUID | None = None) -> Origin:
    return Origin(actor="user:1", command_id=command_id or uuid4(), correlation_id=stream("chain"))
