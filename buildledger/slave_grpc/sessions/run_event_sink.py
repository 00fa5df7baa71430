"""From what workers report to what is kept: log bytes first, then facts, then the acknowledgement.

A batch is whatever has arrived while the one before was made durable. It costs one append to the log store and one
list of commands per run, however many events it has.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

import msgspec

from buildledger.domain.build import FinishOperation, ReportOperationStarted, StoreArtifact
from buildledger.domain.command import Command
from buildledger.domain.log import FinishLog, OpenLog
from buildledger.domain.refusals import Refusal
from buildledger.events.build import ArtifactStored
from buildledger.events.log import LogFinished, LogOpened
from buildledger.events.operation import Ended, OutputTotal, Run, Upload
from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb
from buildledger.ledger.errors import LedgerUnavailable
from buildledger.ledger.ledger import Ledger
from buildledger.ledger.submission import Origin
from buildledger.logs.artifacts import ArtifactStore
from buildledger.logs.artifacts_manifest import Manifest
from buildledger.logs.store import (
    LogDigest,
    LogFinishedError,
    LogHoleError,
    LogStore,
    LogStoreUnavailableError,
)
from buildledger.slave_grpc.sessions import runs as runs_
from buildledger.slave_grpc.sessions.runs import Received
from buildledger.slave_grpc.settings import RETRY_SECONDS
from buildledger.slave_grpc.state.open_work import OpenOperation
from buildledger.slave_grpc.wire import outcome_mapping as endings
from buildledger.slave_grpc.wire import upload_result as keeping

_log = logging.getLogger(__name__)
Answer = TypeVar("Answer")


class Intake:
    """Makes durable what one worker reported; batches of one worker are stored one after the other."""

    def __init__(self, worker: str, ledger: Ledger, logs: LogStore, artifacts: ArtifactStore) -> None:
        self._worker = worker
        self._ledger = ledger
        self._logs = logs
        self._artifacts = artifacts

    async def store(self, batch: Sequence[Received]) -> None:
        """Return when everything in the batch is durable; a disk that is full or away is waited for.

        A run whose output doesn't join what is stored here ends as lost: no repetition would mend that.
        """
        while True:
            try:
                digests = await self._append(batch)
                break
            except (LogHoleError, LogFinishedError) as error:
                _log.error("worker %s: %s", self._worker, error)
                torn = [one for one in batch if any(entry.log_id == error.log_id for entry in one.entries)]
                for received in torn:
                    await self.end(received.run.operation, Ended(reason="lost", detail=str(error)))
                batch = [received for received in batch if received not in torn]
        await asyncio.gather(*[self._record(received, digests) for received in batch])
        for received in batch:
            received.run.stored()

    async def end(self, operation: OpenOperation, ended: Ended) -> None:
        """Record that an operation ended without its worker having a say."""
        await self._execute(operation, _finish(operation, ended))

    async def close_logs(self, operation: OpenOperation) -> None:
        """Finish what there is of the logs of an operation that ended without its worker having a say."""
        run = runs_.Run(operation)
        sizes = [(channel, await self._logs.size(run.log_id(channel))) for channel in sorted(runs_.CHANNELS)]
        channels = [channel for channel, size in sizes if size.size_bytes]
        if not channels:
            return
        digests = await _persistently(lambda: self._logs.append((), [run.log_id(channel) for channel in channels]))
        commands: list[Command] = []
        for channel, digest in zip(channels, digests, strict=True):
            commands += [_open_log(run, channel), _finish_log(run, channel, digest, truncated=True)]
        await self._execute(operation, *commands)

    async def _append(self, batch: Sequence[Received]) -> dict[tuple[str, str], LogDigest]:
        """Store the output of a batch; returns what the logs of ended runs are, by run and channel."""
        entries = [entry for received in batch for entry in received.entries]
        finishing = [
            (received.run, channel)
            for received in batch
            if received.end is not None
            for channel in runs_.channels_of(received.end, received.run)
        ]
        if not entries and not finishing:
            return {}
        log_ids = [run.log_id(channel) for run, channel in finishing]
        digests = await _persistently(lambda: self._logs.append(entries, log_ids))
        return {(run.run_id, channel): digest for (run, channel), digest in zip(finishing, digests, strict=True)}

    async def _record(self, received: Received, digests: dict[tuple[str, str], LogDigest]) -> None:
        run, operation = received.run, received.run.operation
        commands: list[Command] = []
        if received.started is not None:
            commands.append(
                ReportOperationStarted(
                    build_id=operation.build_id,
                    operation_id=operation.operation_id,
                    fence=operation.fence,
                    mechanism=received.started.mechanism,
                )
            )
        ending = {channel: digest for (run_id, channel), digest in digests.items() if run_id == run.run_id}
        opening = (run.channels | ending.keys()) - run.opened
        commands += [_open_log(run, channel) for channel in sorted(opening)]
        if received.end is not None:
            commands += await self._ending(run, received.end, ending)
        if commands:
            await self._execute(operation, *commands)
        run.opened |= opening
        run.ended = received.end is not None

    async def _ending(
        self, run: runs_.Run, end: pb.Exited | pb.Rejected, digests: dict[str, LogDigest]
    ) -> Sequence[Command]:
        operation = run.operation
        if isinstance(end, pb.Rejected):
            return [_finish(operation, endings.rejected(end))]
        outputs = tuple(
            OutputTotal(
                channel=channel, size_bytes=digest.size_bytes, line_count=digest.line_count, sha256=digest.sha256
            )
            for channel, digest in digests.items()
        )
        ended = endings.exited(end, operation.spec, run.files, outputs, await self._captured(run, digests))
        self._compare(run, end, digests)
        commands: list[Command] = [
            _finish_log(run, channel, digest, truncated=ended.reason == "log_limit")
            for channel, digest in digests.items()
        ]
        if isinstance(operation.spec, Upload) and ended.ok:
            ended, stored = await self._keep(operation, operation.spec, run.files, ended)
            commands += stored
        commands.append(_finish(operation, ended))
        return commands

    async def _keep(
        self, operation: OpenOperation, spec: Upload, files: Sequence[pb.FileResult], ended: Ended
    ) -> tuple[Ended, Sequence[Command]]:
        """What an upload came to, and the command that records it."""
        replace = msgspec.structs.replace
        try:
            found = keeping.kept(spec, files)
            if isinstance(found, Manifest):
                sha256 = await asyncio.to_thread(self._artifacts.put, found.encode())
                size, count = found.size_bytes, len(found.files)
                found = keeping.Kept(sha256=sha256, size_bytes=size, directory=True, file_count=count)
        except keeping.NotKeptError as error:
            return replace(ended, reason=error.reason, exit_code=None, detail=str(error)), ()
        except OSError as error:
            detail = f"the server's disk takes no more: {error.strerror}"
            return replace(ended, reason="io_error", exit_code=None, detail=detail), ()
        if found is None:
            return ended, ()
        artifact = ArtifactStored(
            name=spec.artifact,
            size_bytes=found.size_bytes,
            sha256=found.sha256,
            operation_id=operation.operation_id,
            directory=found.directory,
            file_count=found.file_count,
            mode=found.mode,
        )
        stored = StoreArtifact(build_id=operation.build_id, artifact=artifact)
        return replace(ended, text=msgspec.json.encode(found).decode()), [stored]

    async def _captured(self, run: runs_.Run, digests: dict[str, LogDigest]) -> tuple[str, bool]:
        """The beginning of the output, when the operation is to bring it back."""
        spec = run.operation.spec
        wanted = spec.capture_bytes if isinstance(spec, Run) else 0
        channel = next((name for name in ("stdio", "stdout") if name in digests), None)
        if not wanted or channel is None:
            return "", False
        pieces = [piece async for piece in self._logs.raw(run.log_id(channel), 0, wanted)]
        return b"".join(pieces).decode("utf-8", "replace"), digests[channel].size_bytes > wanted

    def _compare(self, run: runs_.Run, end: pb.Exited, digests: dict[str, LogDigest]) -> None:
        """Output that differs from what the worker sent must never pass unnoticed."""
        for total in end.output_totals:
            held = digests.get(total.channel)
            if held is None or held.size_bytes != total.bytes or total.sha256.hex() not in ("", held.sha256):
                _log.error(
                    "worker %s, run %s: %s has %d bytes (%s) on the worker and %s here",
                    self._worker, run.run_id, total.channel, total.bytes, total.sha256.hex(), held,
                )  # fmt: skip

    async def _execute(self, operation: OpenOperation, *commands: Command) -> None:
        origin = Origin(
            actor=f"worker:{self._worker}",
            causation_id=operation.causation_id,
            correlation_id=operation.correlation_id,
        )
        try:
            await _persistently(lambda: self._ledger.execute(*commands, origin=origin))
        except Refusal as refusal:
            # The build went on without this worker: nothing that it says about it counts any more.
            _log.info("worker %s, operation %s: %s", self._worker, operation.operation_id, refusal)


async def _persistently(do: Callable[[], Awaitable[Answer]]) -> Answer:
    """Try until the store takes it: the worker keeps what is not acknowledged, and repeating is harmless."""
    while True:
        try:
            return await do()
        except (LogStoreUnavailableError, LedgerUnavailable) as error:
            _log.warning("what workers report can't be kept, trying again: %s", error)
            await asyncio.sleep(RETRY_SECONDS)


def _finish(operation: OpenOperation, ended: Ended) -> FinishOperation:
    return FinishOperation(
        build_id=operation.build_id, operation_id=operation.operation_id, fence=operation.fence, ended=ended
    )


def _open_log(run: runs_.Run, channel: str) -> OpenLog:
    operation = run.operation
    return OpenLog(
        log_id=run.log_id(channel),
        opened=LogOpened(
            build_id=operation.build_id,
            step=operation.step,
            operation_id=operation.operation_id,
            channel=channel,
            label=operation.label,
        ),
    )


def _finish_log(run: runs_.Run, channel: str, digest: LogDigest, *, truncated: bool) -> FinishLog:
    return FinishLog(
        log_id=run.log_id(channel),
        finished=LogFinished(
            size_bytes=digest.size_bytes, line_count=digest.line_count, sha256=digest.sha256, truncated=truncated
        ),
    )
