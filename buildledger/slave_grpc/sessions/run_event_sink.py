"""Makes what workers report durable: log bytes first, then facts; the acknowledgement follows.

A batch is whatever has arrived while the one before was made durable. It costs one append to the log store and one
list of commands per run, however many events it has.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TypeVar

import msgspec

from buildledger.domain.build import FinishOperation, ReportOperationStarted, StoreArtifact
from buildledger.domain.command import Command
from buildledger.domain.log import FinishLog, OpenLog
from buildledger.domain.refusals import LimitRefusal, Refusal
from buildledger.events.answers import KeptArtifact, answer_text
from buildledger.events.build import ArtifactStored
from buildledger.events.limits import LINE_CHARACTERS, NAME_BYTES, held
from buildledger.events.log import LogFinished, LogOpened
from buildledger.events.operation import Ended, EndReason, OutputTotal, Run, Upload
from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb
from buildledger.ledger.errors import LedgerUnavailable
from buildledger.ledger.ledger import Ledger
from buildledger.ledger.submission import Origin
from buildledger.logs.artifacts import ArtifactStore
from buildledger.logs.artifacts_manifest import Manifest, ManifestError
from buildledger.logs.store import (
    LogDigest,
    LogFinishedError,
    LogHoleError,
    LogStore,
    LogStoreUnavailableError,
)
from buildledger.slave_grpc.sessions import runs as runs_
from buildledger.slave_grpc.sessions.runs import Received
from buildledger.slave_grpc.sessions.unmasked import MaskSource, mask_ended, mask_reports, shows_secret
from buildledger.slave_grpc.settings import RETRY_SECONDS
from buildledger.slave_grpc.state.open_work import OpenOperation
from buildledger.slave_grpc.wire import outcome_mapping, upload_result

_log = logging.getLogger(__name__)
Answer = TypeVar("Answer")


class RunEventSink:
    """Stores the run events of one worker; its batches are stored one after the other."""

    def __init__(
        self,
        worker: str,
        ledger: Ledger,
        logs: LogStore,
        artifacts: ArtifactStore,
        came: Callable[[OpenOperation], Mapping[str, int]],
        masks: MaskSource,
    ) -> None:
        """`came` gives the sizes of the files that a run has sent, by SHA-256."""
        self._worker = worker
        self._ledger = ledger
        self._logs = logs
        self._artifacts = artifacts
        self._came = came
        self._masks = masks

    async def store(self, batch: Sequence[Received]) -> None:
        """Store a batch; returns when all of it is durable, however long a disk is full or away.

        A run whose output doesn't continue what is stored ends as lost: sending it again wouldn't help.
        """
        while True:
            try:
                digests = await self._append(batch)
                break
            except (LogHoleError, LogFinishedError) as error:
                _log.error("worker %s: %s", self._worker, error)
                damaged = [one for one in batch if any(entry.log_id == error.log_id for entry in one.entries)]
                for received in damaged:
                    await self.end(received.run.operation, Ended(reason="lost", detail=str(error)))
                batch = [received for received in batch if received not in damaged]
        await asyncio.gather(*[self._record(received, digests) for received in batch])
        for received in batch:
            received.run.stored()

    async def end(self, operation: OpenOperation, ended: Ended) -> None:
        """Record the end of an operation without its worker's report."""
        await self._execute(operation, _finish(operation, ended))

    async def close_logs(self, operation: OpenOperation) -> None:
        """Finish the logs of an operation that ended without its worker's report, as far as they have come."""
        run = runs_.Run(operation)
        sizes = [(channel, await self._logs.size(run.log_id(channel))) for channel in sorted(runs_.CHANNELS)]
        channels = [channel for channel, size in sizes if size.size_bytes]
        if not channels:
            return
        digests = await _retry_until_stored(
            lambda: self._logs.append((), [run.log_id(channel) for channel in channels])
        )
        commands: list[Command] = []
        for channel, digest in zip(channels, digests, strict=True):
            commands += [_open_log(run, channel), _finish_log(run, channel, digest, truncated=True)]
        await self._execute(operation, *commands)

    async def _append(self, batch: Sequence[Received]) -> dict[tuple[str, str], LogDigest]:
        """Store the output of a batch; returns the digests of ended runs' logs, by run and channel."""
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
        digests = await _retry_until_stored(lambda: self._logs.append(entries, log_ids))
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
                    mechanism=held(received.started.mechanism, NAME_BYTES // 4),
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
            refused = outcome_mapping.outcome_of_rejected(end)
            return [_finish(operation, await mask_ended(refused, operation, self._masks))]
        outputs = tuple(
            OutputTotal(
                channel=channel, size_bytes=digest.size_bytes, line_count=digest.line_count, sha256=digest.sha256
            )
            for channel, digest in digests.items()
        )
        ended = outcome_mapping.outcome_of_exited(
            end, operation.spec, run.files, outputs, await self._captured(run, digests)
        )
        if ended.reason == EndReason.INCONSISTENT:
            _log.error("worker %s, run %s: %s", self._worker, run.run_id, ended.detail)
        if unasked := sorted({total.channel for total in end.output_totals} - runs_.CHANNELS):
            detail = f"the worker reports output on channel {unasked[0][:80]!r}, which nobody asked for"
            ended = msgspec.structs.replace(ended, reason="lost", exit_code=None, signal=None, detail=detail)
        commands: list[Command] = [
            _finish_log(run, channel, digest, truncated=ended.reason == "log_limit")
            for channel, digest in digests.items()
        ]
        if isinstance(operation.spec, Upload) and ended.ok:
            ended, stored = await self._store_upload(operation, operation.spec, run.files, ended)
            commands += stored
        commands.append(_finish(operation, await mask_ended(ended, operation, self._masks)))
        return commands

    async def _store_upload(
        self, operation: OpenOperation, spec: Upload, files: Sequence[pb.FileResult], ended: Ended
    ) -> tuple[Ended, Sequence[Command]]:
        """Store what an upload brought; returns its outcome, and the command that records the artifact."""
        replace = msgspec.structs.replace
        try:
            found = upload_result.stored_artifact(spec, files, self._came(operation))
            if isinstance(found, Manifest):
                found = await asyncio.to_thread(self._without_secrets, operation, spec, found)
                sha256 = await asyncio.to_thread(self._artifacts.put, found.encode())
                size, count = found.size_bytes, len(found.files)
                found = KeptArtifact(sha256=sha256, size_bytes=size, directory=True, file_count=count)
        except ManifestError as error:
            return replace(ended, reason="refused_path", exit_code=None, detail=str(error)), ()
        except upload_result.NothingStoredError as error:
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
        return replace(ended, text=answer_text(found)), [stored]

    def _without_secrets(self, operation: OpenOperation, spec: Upload, found: Manifest) -> Manifest:
        """Test reports with their secrets hidden; other files as they are, if no name tells a secret.

        Raises:
            NothingStoredError: One does.
        """
        mask = self._masks.of(operation.secrets)
        if mask is None:
            return found
        if spec.reports:
            return mask_reports(found, mask, self._artifacts)
        if shows_secret(found, mask):
            raise upload_result.NothingStoredError("refused_path", "the name of a file in it holds a secret")
        return found

    async def _captured(self, run: runs_.Run, digests: dict[str, LogDigest]) -> tuple[str, bool]:
        """The beginning of the output where the operation asks for it, and whether it was cut off."""
        spec = run.operation.spec
        limit = spec.capture_bytes if isinstance(spec, Run) else 0
        # What was asked to be one channel comes as two from a worker that can't join them: errors are on the other one.
        wanted = ("stdio", "stdout", "stderr") if isinstance(spec, Run) and spec.merge_stderr else ("stdio", "stdout")
        sizes = {name: digests[name].size_bytes for name in wanted if name in digests} if limit else {}
        total = sum(sizes.values())
        captured = b""
        for name, size in sizes.items():
            room = max(limit // len(sizes), limit - (total - size))
            captured += b"".join([piece async for piece in self._logs.raw(run.log_id(name), 0, room)])
        return captured.decode("utf-8", "replace"), total > limit

    async def _execute(self, operation: OpenOperation, *commands: Command) -> None:
        origin = Origin(
            actor=f"worker:{self._worker}",
            causation_id=operation.causation_id,
            correlation_id=operation.correlation_id,
        )
        try:
            await _retry_until_stored(lambda: self._ledger.execute(*commands, origin=origin))
        except LimitRefusal as refusal:
            _log.error("worker %s, operation %s: %s", self._worker, operation.operation_id, refusal)
            detail = f"what the worker reported can't be kept: {refusal.detail}"
            await self._execute(operation, _finish(operation, Ended(reason="io_error", detail=detail)))
        except Refusal as refusal:
            # The build went on without this worker, so that nothing it reports about it counts any more.
            _log.info("worker %s, operation %s: %s", self._worker, operation.operation_id, refusal)


async def _retry_until_stored(do: Callable[[], Awaitable[Answer]]) -> Answer:
    """Retry until the store accepts: the worker keeps what isn't acknowledged, and repeating is harmless."""
    while True:
        try:
            return await do()
        except (LogStoreUnavailableError, LedgerUnavailable) as error:
            _log.warning("what workers report can't be kept, trying again: %s", error)
            await asyncio.sleep(RETRY_SECONDS)


def _finish(operation: OpenOperation, ended: Ended) -> FinishOperation:
    ended = msgspec.structs.replace(ended, detail=held(ended.detail, LINE_CHARACTERS))
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
