"""The operations that workers are asked to do at the moment, with connections and credentials: a fold of facts.

Holds only what is open, so its size is that of the work at hand and not of history. Pure: `OpenWorkFollower` feeds it.
"""

from typing import Final
from uuid import UUID

import msgspec

from buildledger.events.build import (
    ArtifactStored,
    BuildAssigned,
    BuildFinished,
    BuildStopRequested,
    OperationFinished,
    OperationRequested,
    OperationStarted,
)
from buildledger.events.fact import Recorded
from buildledger.events.ids import BuildId, OperationId, ServerId, WorkerId, worker_id
from buildledger.events.operation import SERVER_SIDE, OperationSpec, masked_secrets, shown_secrets
from buildledger.events.worker import (
    PausedBy,
    WorkerConnected,
    WorkerCredentialExpired,
    WorkerDisconnected,
    WorkerPaused,
    WorkerResumed,
    WorkerRevoked,
)
from buildledger.slave_grpc.state.directories import directory_name
from buildledger.slave_grpc.state.known_credentials import KnownCredential, KnownCredentials


class OpenOperation(msgspec.Struct, kw_only=True):
    """An operation that was requested of a worker and has not ended."""

    operation_id: OperationId
    build_id: BuildId
    worker: str
    fence: int
    step: int
    label: str
    directory: str
    spec: OperationSpec
    causation_id: UUID
    correlation_id: UUID | None
    started: bool = False
    stop_reason: str | None = None
    """Why it is to be stopped; None: it is to run."""
    secrets: tuple[str, ...] = ()
    """Names of those that its build has been given up to here and that nobody is to see: what an earlier step has
    written to a file, this one may say."""


class OpenBuild(msgspec.Struct, kw_only=True):
    """A build that has not ended."""

    worker: str
    directory: str
    operations: set[OperationId] = msgspec.field(default_factory=set)
    stored_bytes: int = 0
    """Size of its artifacts."""
    secrets: tuple[str, ...] = ()
    """Names of those that its operations were given so far and that nobody is to see, sorted."""


class ConnectedWorker(msgspec.Struct, kw_only=True):
    """A worker's session that was admitted and has not ended."""

    worker: str
    epoch: int
    server_id: ServerId


class OpenWorkState(msgspec.Struct, kw_only=True):
    """The whole fold, as a checkpoint stores it."""

    operations: dict[OperationId, OpenOperation] = msgspec.field(default_factory=dict)
    builds: dict[BuildId, OpenBuild] = msgspec.field(default_factory=dict)
    workers: dict[WorkerId, ConnectedWorker] = msgspec.field(default_factory=dict)
    draining: set[WorkerId] = msgspec.field(default_factory=set)
    credentials: dict[WorkerId, list[KnownCredential]] = msgspec.field(default_factory=dict)
    """See `KnownCredentials`."""


class Changes:
    """What a batch of facts means to sessions: changed and ended operations by worker, and which sessions must end."""

    def __init__(self) -> None:
        self.changed: Final[dict[str, dict[OperationId, OpenOperation]]] = {}
        self.ended: Final[dict[str, set[OperationId]]] = {}
        self.connected: Final[dict[str, ConnectedWorker]] = {}
        self.disconnected: Final[dict[str, int]] = {}
        """The epochs of sessions that have ended, whoever says so."""
        self.revoked: Final[set[str]] = set()
        self.expired: Final[set[str]] = set()
        self.ended_by_server: Final[list[OpenOperation]] = []
        """Operations that were ended without their worker's report, so that nobody has closed their logs."""

    @property
    def workers(self) -> set[str]:
        """All workers that are concerned."""
        return (
            self.changed.keys()
            | self.ended.keys()
            | self.connected.keys()
            | self.disconnected.keys()
            | self.revoked
            | self.expired
        )


class OpenWork:
    """Open operations by worker. Fed facts in the order of positions."""

    VERSION = 6

    def __init__(self, state: OpenWorkState | None = None) -> None:
        self._state = state or OpenWorkState()
        self._by_worker: dict[str, dict[OperationId, OpenOperation]] = {}
        self._directories: dict[str, set[str]] = {}
        self.credentials: Final = KnownCredentials(self._state.credentials)
        for operation in self._state.operations.values():
            self._by_worker.setdefault(operation.worker, {})[operation.operation_id] = operation
        for build in self._state.builds.values():
            self._directories.setdefault(build.worker, set()).add(build.directory)

    @property
    def state(self) -> OpenWorkState:
        """What a checkpoint stores."""
        return self._state

    def connections(self) -> list[ConnectedWorker]:
        """All current sessions, whichever server holds them."""
        return list(self._state.workers.values())

    def of_worker(self, worker: str) -> dict[OperationId, OpenOperation]:
        """The open operations of a worker."""
        return self._by_worker.get(worker, {})

    def operation(self, operation_id: OperationId) -> OpenOperation | None:
        """An open operation by its id; None if it isn't open."""
        return self._state.operations.get(operation_id)

    def stored_bytes(self, build_id: BuildId) -> int:
        """The size of an open build's artifacts, in bytes."""
        build = self._state.builds.get(build_id)
        return build.stored_bytes if build else 0

    def connection(self, worker: str) -> ConnectedWorker | None:
        """The worker's current session, whichever server holds it."""
        return self._state.workers.get(worker_id(worker))

    def is_draining(self, worker: str) -> bool:
        """Whether the worker is paused at its own request."""
        return worker_id(worker) in self._state.draining

    def apply(self, recorded: Recorded, changes: Changes) -> None:
        """Fold one fact, and add what it means to `changes`."""
        state, build_id = self._state, BuildId(recorded.stream_id)
        match recorded.fact:
            case BuildAssigned(worker=worker, builder=builder):
                taken = self._directories.setdefault(worker, set())
                build = state.builds[build_id] = OpenBuild(worker=worker, directory=directory_name(builder, taken))
                taken.add(build.directory)
            case OperationRequested():
                self._request(build_id, recorded, recorded.fact, changes)
            case OperationStarted(operation_id=operation_id):
                if operation := state.operations.get(operation_id):
                    operation.started = True
            case OperationFinished(operation_id=operation_id, ended=ended):
                if ended.infrastructure and not ended.outputs and operation_id in state.operations:
                    changes.ended_by_server.append(state.operations[operation_id])
                self._end(operation_id, changes)
            case ArtifactStored(size_bytes=size_bytes):
                if kept := state.builds.get(build_id):
                    kept.stored_bytes += size_bytes
            case BuildStopRequested(reason=reason):
                self._stop(build_id, reason, changes)
            case BuildFinished():
                self._finish(build_id, changes)
            case _:
                self._worker(recorded, changes)

    def _worker(self, recorded: Recorded, changes: Changes) -> None:
        workers, stream = self._state.workers, WorkerId(recorded.stream_id)
        self.credentials.apply(stream, recorded.fact)
        match recorded.fact:
            case WorkerConnected(worker=worker, epoch=epoch, server_id=server_id):
                connection = ConnectedWorker(worker=worker, epoch=epoch, server_id=server_id)
                workers[stream] = changes.connected[worker] = connection
            case WorkerDisconnected(epoch=epoch):
                if stream in workers and workers[stream].epoch == epoch:
                    changes.disconnected[workers.pop(stream).worker] = epoch
            case WorkerPaused(by=by):
                if by is PausedBy.WORKER:
                    self._state.draining.add(stream)
            case WorkerResumed():
                self._state.draining.discard(stream)
            case WorkerRevoked() if stream in workers:
                changes.revoked.add(workers[stream].worker)
            case WorkerCredentialExpired(worker=worker):
                changes.expired.add(worker)
            case _:
                return

    def _finish(self, build_id: BuildId, changes: Changes) -> None:
        build = self._state.builds.pop(build_id, None)
        if build is None:
            return
        for operation_id in list(build.operations):
            self._end(operation_id, changes)
        mine = self._directories[build.worker]
        mine.discard(build.directory)
        if not mine:
            del self._directories[build.worker]

    def _request(self, build_id: BuildId, recorded: Recorded, fact: OperationRequested, changes: Changes) -> None:
        build = self._state.builds.get(build_id)
        if build is None or isinstance(fact.spec, SERVER_SIDE):
            return
        if not (given := masked_secrets(fact.spec)).issubset(build.secrets):
            build.secrets = tuple(sorted({*build.secrets, *given}))
        operation = OpenOperation(
            operation_id=fact.operation_id,
            build_id=build_id,
            worker=fact.worker,
            fence=fact.fence,
            step=fact.step,
            label=fact.label,
            directory=build.directory,
            spec=fact.spec,
            secrets=tuple(name for name in build.secrets if name in given or name not in shown_secrets(fact.spec)),
            causation_id=recorded.meta.command_id,
            correlation_id=recorded.meta.correlation_id,
        )
        build.operations.add(fact.operation_id)
        self._state.operations[fact.operation_id] = operation
        self._by_worker.setdefault(fact.worker, {})[fact.operation_id] = operation
        changes.changed.setdefault(fact.worker, {})[fact.operation_id] = operation

    def _stop(self, build_id: BuildId, reason: str, changes: Changes) -> None:
        build = self._state.builds.get(build_id)
        for operation_id in build.operations if build else ():
            operation = self._state.operations[operation_id]
            operation.stop_reason = reason
            changes.changed.setdefault(operation.worker, {})[operation_id] = operation

    def _end(self, operation_id: OperationId, changes: Changes) -> None:
        operation = self._state.operations.pop(operation_id, None)
        if operation is None:
            return
        mine = self._by_worker[operation.worker]
        del mine[operation_id]
        if not mine:
            del self._by_worker[operation.worker]
        if build := self._state.builds.get(operation.build_id):
            build.operations.discard(operation_id)
        changes.changed.get(operation.worker, {}).pop(operation_id, None)
        changes.ended.setdefault(operation.worker, set()).add(operation_id)
