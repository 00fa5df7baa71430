"""Operations in the words of the protocol, for one worker: what is wanted of each, and everything it needs for that."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from buildledger.events.operation import SERVER_SIDE, Download, Ended, Upload
from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb
from buildledger.slave_grpc.sessions.runs import ATTEMPT
from buildledger.slave_grpc.sessions.secret_source import SecretSource
from buildledger.slave_grpc.state.open_work import OpenOperation
from buildledger.slave_grpc.wire.run_specs import UnsendableError, run_spec, secret_names


class RunFiles(Protocol):
    """What of an operation has to do with files: `blob_access.BlobAccess` knows."""

    def token(self, operation: OpenOperation) -> str:
        """What lets the run reach its files, and no others."""
        ...

    async def files(self, operation: OpenOperation) -> Sequence[pb.FileIn]:
        """What the run is to fetch. Raises: UnsendableError."""
        ...


class Briefing:
    """Says what is wanted; what can't be said ends the operation instead.

    `refuse` ends an operation that this worker can't be given, `do_here` does one that is the server's.
    """

    def __init__(
        self,
        features: Iterable[str],
        secrets: SecretSource,
        files: RunFiles,
        *,
        refuse: Callable[[OpenOperation, Ended], None],
        do_here: Callable[[OpenOperation], None],
    ) -> None:
        self._features = frozenset(features)
        self._secrets = secrets
        self._files = files
        self._refuse = refuse
        self._do_here = do_here

    async def desired(self, operation: OpenOperation, *, with_spec: bool) -> pb.DesiredRun | None:
        """What the worker is told of an operation; None if there is nothing to tell."""
        run = pb.DesiredRun(run_id=str(operation.operation_id), attempt=ATTEMPT, fence=operation.fence)
        if isinstance(operation.spec, SERVER_SIDE):
            self._at_home(operation)
            return None
        if operation.stop_reason is not None:
            run.want = pb.WANT_STOP
            run.stop.reason = operation.stop_reason
            return run
        run.want = pb.WANT_RUN
        if with_spec:
            try:
                run.spec.CopyFrom(await self._spec(operation))
            except UnsendableError as error:
                self._refuse(operation, Ended(reason=error.reason, detail=str(error)))
                return None
        return run

    def _at_home(self, operation: OpenOperation) -> None:
        if operation.stop_reason is None:
            self._do_here(operation)
        else:
            self._refuse(operation, Ended(reason="cancel", detail=operation.stop_reason))

    async def _spec(self, operation: OpenOperation) -> pb.RunSpec:
        """Raises: UnsendableError."""
        spec = operation.spec
        values = await self._values(secret_names(spec))
        files = await self._files.files(operation) if isinstance(spec, Download) else ()
        told = run_spec(spec, operation.directory, self._features, values.__getitem__, files)
        if isinstance(spec, Upload | Download):
            told.blob_token = self._files.token(operation)
        return told

    async def _values(self, names: Sequence[str]) -> dict[str, str]:
        values: dict[str, str] = {}
        for name in names:
            try:
                values[name] = await asyncio.to_thread(self._secrets.get, name)
            except (LookupError, OSError) as error:
                raise UnsendableError(f"secret {name!r} can't be had: {error}", reason="start_failed") from error
        return values
