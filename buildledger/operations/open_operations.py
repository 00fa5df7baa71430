"""The server's own operations that have been requested and have not ended: a fold of facts. Pure."""

from __future__ import annotations

from typing import Final
from uuid import UUID

import msgspec

from buildledger.events.build import BuildFinished, BuildStopRequested, OperationFinished, OperationRequested
from buildledger.events.fact import Recorded
from buildledger.events.ids import BuildId, OperationId
from buildledger.events.operation import SERVER_SIDE, OperationSpec


class ServerOperation(msgspec.Struct, frozen=True, kw_only=True):
    """An operation to be done by the server."""

    operation_id: OperationId
    build_id: BuildId
    fence: int
    step: int
    spec: OperationSpec
    causation_id: UUID
    """The command that requested it."""
    correlation_id: UUID | None
    stop_reason: str | None = None
    """Why its build was asked to stop since; None: it wasn't."""


class OpenOperations:
    """All open operations of the server, by id. Its size follows open work, not history."""

    def __init__(self, state: bytes | None = None) -> None:
        """Begin empty, or from what `snapshot` gave."""
        self.by_id: Final = {} if state is None else msgspec.json.decode(state, type=dict[OperationId, ServerOperation])

    def snapshot(self) -> bytes:
        """All of it, for a checkpoint."""
        return msgspec.json.encode(self.by_id)

    def apply(self, recorded: Recorded) -> None:
        """Fold one fact; called in the order of positions."""
        match recorded.fact:
            case OperationRequested(spec=spec) if isinstance(spec, SERVER_SIDE):
                self._request(recorded, recorded.fact)
            case OperationFinished(operation_id=operation_id):
                self.by_id.pop(operation_id, None)
            case BuildStopRequested(reason=reason):
                for operation in self._of_build(recorded.stream_id):
                    stopped = msgspec.structs.replace(operation, stop_reason=reason)
                    self.by_id[operation.operation_id] = stopped
            case BuildFinished():
                for operation in self._of_build(recorded.stream_id):
                    del self.by_id[operation.operation_id]
            case _:
                return

    def _request(self, recorded: Recorded, fact: OperationRequested) -> None:
        self.by_id[fact.operation_id] = ServerOperation(
            operation_id=fact.operation_id,
            build_id=BuildId(recorded.stream_id),
            fence=fact.fence,
            step=fact.step,
            spec=fact.spec,
            causation_id=recorded.meta.command_id,
            correlation_id=recorded.meta.correlation_id,
        )

    def _of_build(self, stream_id: UUID) -> list[ServerOperation]:
        return [operation for operation in self.by_id.values() if operation.build_id == stream_id]
