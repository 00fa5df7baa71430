"""Decides which files a caller of the service `Blobs` may read and write: those of its own open runs.

A run reads what it was told to fetch, and writes what it was told to upload. Only the run that has sent a file learns
that it is stored: knowing a digest is no proof that somebody may have the file.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from buildledger.events.ids import OperationId
from buildledger.events.operation import Download, Upload
from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb
from buildledger.logs.artifacts import ArtifactLimits, ArtifactStore, OverQuotaError
from buildledger.slave_grpc.blobs.tokens import RunTokens, run_token_of
from buildledger.slave_grpc.identity.authenticator import Authenticator, UnauthenticatedError
from buildledger.slave_grpc.identity.caller import Caller, current_caller
from buildledger.slave_grpc.state.open_work import OpenOperation, OpenWork
from buildledger.slave_grpc.wire.download_files import digests_of, files_of
from buildledger.slave_grpc.wire.run_specs import ATTEMPT, UnsendableError


class OutOfReachError(Exception):
    """The caller is known, but the file belongs to none of its runs."""


class BlobAccess:
    """Knows which files each open run may move, and which it has sent. Used on one event loop."""

    def __init__(
        self,
        *,
        artifacts: ArtifactStore,
        limits: ArtifactLimits,
        tokens: RunTokens,
        authenticator: Authenticator,
        work: Callable[[], OpenWork],
        catch_up: Callable[[], Awaitable[None]],
    ) -> None:
        """`catch_up` brings `work` to where the ledger is."""
        self._artifacts = artifacts
        self._limits = limits
        self._tokens = tokens
        self._authenticator = authenticator
        self._work = work
        self._catch_up = catch_up
        self._sent: Final[dict[OperationId, dict[str, int]]] = {}
        """Of each open upload: the sizes in bytes of the files that have come, by SHA-256."""
        self._readable: Final[dict[OperationId, frozenset[str]]] = {}
        self._refused: Final[dict[OperationId, dict[str, Exception]]] = {}
        """Of each open upload: why files that came couldn't be stored, until the worker was told."""

    async def authenticate(self, context: Any) -> Caller:
        """The run whose token a call shows, or the worker whose credential it shows.

        Raises:
            UnauthenticatedError: The call has no run token of an open run, and no credential in force.
        """
        try:
            token = run_token_of(context.invocation_metadata())
            if token is None:
                return await self._authenticator.authenticate(context)
            run = await self._run_of(token)
        except UnauthenticatedError as error:
            text = f"only enrolled workers and their open runs may move files: {error}"
            raise UnauthenticatedError(text) from None
        return Caller(worker=run.worker, run=run)

    def runs(self) -> tuple[OpenOperation, ...]:
        """The open runs that the current caller acts for: the one that its token names, or all of its worker's."""
        caller = current_caller()
        return tuple(self._work().of_worker(caller.worker).values()) if caller.run is None else (caller.run,)

    def token(self, operation: OpenOperation) -> str:
        """The token that lets the run reach its files."""
        return self._tokens.issue(operation.operation_id, ATTEMPT, operation.fence)

    async def files(self, operation: OpenOperation) -> Sequence[pb.FileIn]:
        """The files that the run is to fetch.

        Raises:
            UnsendableError: The artifact is kept no longer, or is damaged.
        """
        assert isinstance(operation.spec, Download)
        return await asyncio.to_thread(files_of, operation.spec, self._artifacts)

    async def check_readable(self, runs: Iterable[OpenOperation], sha256: str) -> None:
        """Check that one of these runs was told to fetch the file.

        Raises:
            OutOfReachError: None of them was.
        """
        for run in runs:
            if isinstance(run.spec, Download) and sha256 in await self._files_of(run):
                return
        raise OutOfReachError("no open run of this caller was told to fetch this file")

    def writer(self, runs: Iterable[OpenOperation], run_id: str) -> OpenOperation:
        """The run that an upload comes from; a caller with a run token needn't name it.

        Raises:
            OutOfReachError: It is no open upload of the caller's.
        """
        for run in runs:
            if isinstance(run.spec, Upload) and run_id in ("", str(run.operation_id)):
                return run
        raise OutOfReachError("no open run of this caller was told to upload anything")

    def has_sent(self, runs: Iterable[OpenOperation], sha256: str) -> bool:
        """Whether one of these runs has sent the whole file."""
        return any(sha256 in self.received_sizes(run) for run in runs)

    def received_sizes(self, run: OpenOperation) -> Mapping[str, int]:
        """The sizes in bytes of the files that an upload has sent, by SHA-256; also before the server was restarted."""
        known = self._sent.get(run.operation_id)
        if known is None:
            known = self._sent[run.operation_id] = self._artifacts.received(str(run.operation_id))
        return known

    def record_sent(self, run: OpenOperation, sha256: str, size_bytes: int) -> None:
        """Note that a run has sent a whole file."""
        self._prune()
        self.received_sizes(run)
        self._sent[run.operation_id][sha256] = size_bytes
        self._artifacts.note_received(str(run.operation_id), sha256, size_bytes)

    def record_failed(self, run: OpenOperation, sha256: str, error: Exception) -> None:
        """Note that a file came and couldn't be stored; `check_limits` raises the error once more."""
        self._refused.setdefault(run.operation_id, {})[sha256] = error

    def check_limits(self, run: OpenOperation, sha256: str, size_bytes: int) -> None:
        """Check that the run may send a file, besides what its build has sent.

        Raises:
            OverQuotaError: The file is too large, or its build's artifacts would be.
            Exception: Whatever kept an earlier try from being stored.
        """
        assert isinstance(run.spec, Upload)
        if (error := self._refused.get(run.operation_id, {}).pop(sha256, None)) is not None:
            raise error
        largest = min(run.spec.limit_bytes, self._limits.file_bytes)
        if size_bytes > largest:
            raise OverQuotaError(f"a file of {size_bytes} bytes is too large: {largest} are allowed")
        before = self._work().stored_bytes(run.build_id) + sum(self.received_sizes(run).values())
        if before + size_bytes > self._limits.build_bytes:
            raise OverQuotaError(
                f"a file of {size_bytes} bytes finds no room: the artifacts of one build may take"
                f" {self._limits.build_bytes} bytes, and {before} are taken"
            )

    async def _run_of(self, token: str) -> OpenOperation:
        known = self._tokens.run_of(token)
        if known is not None and self._work().operation(known[0]) is None:
            await self._catch_up()  # perhaps it was asked for a moment ago, by another server
        operation = None if known is None else self._work().operation(known[0])
        if known is None or operation is None or known[1:] != (ATTEMPT, operation.fence):
            raise UnauthenticatedError("the run token is none of an open run")
        return operation

    async def _files_of(self, run: OpenOperation) -> frozenset[str]:
        found = self._readable.get(run.operation_id)
        if found is None:
            self._prune()
            try:
                found = digests_of(await self.files(run))
            except UnsendableError as error:
                raise OutOfReachError(str(error)) from error
            self._readable[run.operation_id] = found
        return found

    def forget(self, operation_ids: Iterable[OperationId]) -> None:
        """Forget runs that have ended."""
        for operation_id in operation_ids:
            for known in (self._sent, self._readable, self._refused):
                known.pop(operation_id, None)
            self._artifacts.forget_received(str(operation_id))

    def _prune(self) -> None:
        """Forget those of which a call came too late, when they had ended already."""
        known = {*self._sent, *self._readable, *self._refused}
        self.forget([one for one in known if self._work().operation(one) is None])
