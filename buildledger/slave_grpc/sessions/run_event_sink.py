"""Makes what workers report durable: log bytes first, then facts; the acknowledgement follows.

A batch is whatever has arrived while the one before was made durable. It costs one append to the log store and one
list of commands per run, however many events it has.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TypeVar

import msgspec

from buildledger.domain.build import ReportOperationStarted
from buildledger.domain.command import Command
from buildledger.domain.refusals import LimitRefusal, Refusal
from buildledger.events.limits import NAME_BYTES, storable
from buildledger.events.operation import Ended, EndReason, OutputTotal, Run, Upload
from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb
from buildledger.ledger.errors import LedgerUnavailable
from buildledger.ledger.ledger import Ledger
from buildledger.ledger.outage import Outage
from buildledger.ledger.submission import Origin
from buildledger.logs.artifacts import ArtifactStore
from buildledger.logs.store import (
    LogDigest,
    LogFinishedError,
    LogHoleError,
    LogStore,
    LogStoreUnavailableError,
)
from buildledger.slave_grpc.sessions import runs as runs_
from buildledger.slave_grpc.sessions.masking import MaskSource, mask_ended
from buildledger.slave_grpc.sessions.run_commands import finish_log, finish_operation, open_log
from buildledger.slave_grpc.sessions.runs import Received
from buildledger.slave_grpc.sessions.uploaded_artifacts import UploadedArtifacts
from buildledger.slave_grpc.settings import RETRY_SECONDS
from buildledger.slave_grpc.state.open_work import OpenOperation
from buildledger.slave_grpc.wire import outcome_mapping

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
        received_sizes: Callable[[OpenOperation], Mapping[str, int]],
        masks: MaskSource,
        waiting: Outage,
    ) -> None:
        """`received_sizes` gives the sizes of the files that a run has sent, by SHA-256; `waiting` is told failures."""
        self._worker = worker
        self._ledger = ledger
        self._logs = logs
        self._masks = masks
        self._waiting = waiting
        self._uploads = UploadedArtifacts(artifacts, received_sizes, masks)

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
                    await self.end(received.run.operation, Ended(reason=EndReason.LOST, detail=str(error)))
                batch = [received for received in batch if received not in damaged]
        await asyncio.gather(*[self._record(received, digests) for received in batch])
        for received in batch:
            received.run.stored()

    async def end(self, operation: OpenOperation, ended: Ended) -> None:
        """Record the end of an operation without its worker's report."""
        await self._execute(operation, finish_operation(operation, ended))

    async def close_logs(self, operation: OpenOperation) -> None:
        """Finish the logs of an operation that ended without its worker's report, as far as they have come."""
        run = runs_.Run(operation)
        sizes = [(channel, await self._logs.size(run.log_id(channel))) for channel in sorted(runs_.CHANNELS)]
        channels = [channel for channel, size in sizes if size.size_bytes]
        if not channels:
            return
        digests = await self._retry_until_stored(
            lambda: self._logs.append((), [run.log_id(channel) for channel in channels])
        )
        commands: list[Command] = []
        for channel, digest in zip(channels, digests, strict=True):
            commands += [open_log(run, channel), finish_log(run, channel, digest, truncated=True)]
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
        digests = await self._retry_until_stored(lambda: self._logs.append(entries, log_ids))
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
                    mechanism=storable(received.started.mechanism, NAME_BYTES // 4),
                )
            )
        ending = {channel: digest for (run_id, channel), digest in digests.items() if run_id == run.run_id}
        opening = (run.channels | ending.keys()) - run.opened
        commands += [open_log(run, channel) for channel in sorted(opening)]
        originals: Sequence[str] = ()
        if received.end is not None:
            commands += await self._ending(run, received.end, ending)
            # Not before: a batch may hold nothing but the beginning of a run whose files are needed at its end.
            originals = await asyncio.to_thread(self._uploads.originals, operation, commands)
        if commands:
            await self._execute(operation, *commands)
        if originals:
            await asyncio.to_thread(self._uploads.withdraw, operation, originals)
        run.opened |= opening
        run.ended = received.end is not None

    async def _ending(
        self, run: runs_.Run, end: pb.Exited | pb.Rejected, digests: dict[str, LogDigest]
    ) -> Sequence[Command]:
        operation = run.operation
        if isinstance(end, pb.Rejected):
            refused = outcome_mapping.outcome_of_rejected(end)
            return [finish_operation(operation, await mask_ended(refused, operation, self._masks))]
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
            ended = msgspec.structs.replace(ended, reason=EndReason.LOST, exit_code=None, signal=None, detail=detail)
        commands: list[Command] = [
            finish_log(run, channel, digest, truncated=ended.reason == EndReason.LOG_LIMIT)
            for channel, digest in digests.items()
        ]
        if isinstance(operation.spec, Upload) and ended.ok:
            ended, stored = await self._uploads.store(operation, operation.spec, run.files, ended)
            commands += stored
        commands.append(finish_operation(operation, await mask_ended(ended, operation, self._masks)))
        return commands

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
            await self._retry_until_stored(lambda: self._ledger.execute(*commands, origin=origin))
        except LimitRefusal as refusal:
            _log.error("worker %s, operation %s: %s", self._worker, operation.operation_id, refusal)
            detail = f"what the worker reported can't be kept: {refusal.detail}"
            await self._execute(operation, finish_operation(operation, Ended(reason=EndReason.IO_ERROR, detail=detail)))
        except Refusal as refusal:
            # The build went on without this worker, so that nothing it reports about it counts any more.
            _log.info("worker %s, operation %s: %s", self._worker, operation.operation_id, refusal)

    async def _retry_until_stored(self, do: Callable[[], Awaitable[Answer]]) -> Answer:
        """Retry until the store accepts: the worker keeps what isn't acknowledged, and repeating is harmless."""
        while True:
            try:
                return await do()
            except LedgerUnavailable:
                pass  # the ledger's writer has said so
            except LogStoreUnavailableError as error:
                self._waiting.calm()
                self._waiting.failed(error)
            await asyncio.sleep(RETRY_SECONDS)
