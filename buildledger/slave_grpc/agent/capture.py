"""Keeps what a command writes: from its pipes and watched files into the journal."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from functools import partial

from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb
from buildledger.slave_grpc.agent.attempt import Attempt
from buildledger.slave_grpc.agent.masking import Masker
from buildledger.slave_grpc.agent.output import Channel, PipeReader
from buildledger.slave_grpc.agent.plan import Plan
from buildledger.slave_grpc.agent.watch import WatchedFile, watch

_log = logging.getLogger(__name__)


class Capture:
    """All output of one command. Closes the descriptors it is given."""

    def __init__(self, attempt: Attempt, plan: Plan, outputs: list[int], files: Sequence[WatchedFile]) -> None:
        command = plan.spec.command
        self._attempt = attempt
        self._loop = asyncio.get_running_loop()
        self._log_limit = command.log_limit
        self._may_drop = command.output_policy == pb.OUTPUT_POLICY_GAP
        self._dropped_to: dict[int, int] = {}
        self._deaf = False
        self.trouble = ""
        """What went wrong with keeping the output, for people."""
        self.last_output_at = 0.0
        """When something was written last, on the loop's clock; 0 if nothing was."""
        values = [secret.value for secret in command.secrets]
        batching = attempt.workshop.batching
        self._channels = [
            Channel(index, name, Masker(values) if values else None, self._emit, batching)
            for index, name in enumerate(plan.channels)
        ]
        self._readers = [
            PipeReader(descriptor, batching.chunk_bytes, self._feeder(channel))
            for descriptor, channel in zip(outputs, self._channels, strict=False)
        ]
        self._files = files
        self._looks = [
            partial(file.look, self._feeder(channel))
            for file, channel in zip(files, self._channels[len(outputs) :], strict=True)
        ]
        self._watching = asyncio.create_task(watch(self._looks, lambda: self._held)) if files else None
        self._held = False

    @property
    def is_held(self) -> bool:
        """Whether the command can't write because there is no room for its output."""
        return self._held

    def totals(self) -> list[pb.OutputTotal]:
        """Size and digest of each channel that had output."""
        return [
            pb.OutputTotal(channel=channel.name, bytes=end, sha256=channel.sha256)
            for channel, end in zip(self._channels, self._attempt.journal.offsets, strict=True)
            if end
        ]

    async def wait_for_end(self, limit_seconds: float) -> None:
        """Wait until all pipes have ended, at most for the limit, not counting the time when there is no room."""
        while open_readers := [reader for reader in self._readers if not reader.ended.is_set()]:
            ends = [asyncio.ensure_future(reader.ended.wait()) for reader in open_readers]
            _, waiting = await asyncio.wait(ends, timeout=limit_seconds)
            for task in waiting:
                task.cancel()
            if not self._held:
                break

    def finish(self) -> None:
        """Close the pipes and journal all that is left."""
        for look in self._looks:
            look()
        self.close()
        for channel in self._channels:
            channel.finish()
        for index in list(self._dropped_to):
            self._record_gap(index)

    def close(self) -> None:
        """Let go of the pipes and files; what is still in them is lost."""
        for reader in self._readers:
            reader.close()
        if self._watching is not None:
            self._watching.cancel()
        for file in self._files:
            file.close()

    def storage_failed(self, error: OSError) -> None:
        """Nothing more can be kept: say so loudly and end the run."""
        if self._deaf:
            return
        self._deaf = True
        self.trouble = f"the worker can't keep the output: {error.strerror or error}"
        _log.critical("run %s: %s", self._attempt.run_id, self.trouble)
        self._attempt.stop.make(pb.EXIT_REASON_STORAGE, pb.STOP_LEVEL_KILL)

    def _feeder(self, channel: Channel) -> Callable[[bytes], None]:
        """Feeds a channel and remembers when."""

        def feed(data: bytes) -> None:
            self.last_output_at = self._loop.time()
            channel.feed(data)

        return feed

    def _emit(self, index: int, data: bytes) -> None:
        """Journal a chunk, unless a limit or the policy says otherwise."""
        if self._log_limit:
            data = self._within_limit(data)
        if self._deaf or not data:
            return
        try:
            if self._may_drop and (index in self._dropped_to or self._attempt.workshop.spool.is_full):
                if self._attempt.workshop.spool.is_full:
                    begin = self._dropped_to.get(index, self._attempt.journal.offsets[index])
                    self._dropped_to[index] = begin + len(data)
                    return
                self._record_gap(index)
            self._attempt.record_output(index, data)
        except OSError as error:
            self.storage_failed(error)
            return
        self._channels[index].count(data)
        if not self._may_drop and self._attempt.workshop.spool.is_full:
            self._hold()

    def _within_limit(self, data: bytes) -> bytes:
        room = self._log_limit - self._attempt.journal.data_end
        if len(data) > room:
            self._attempt.stop.make(pb.EXIT_REASON_LOG_LIMIT, pb.STOP_LEVEL_INTERRUPT)
            return data[: max(0, room)]
        return data

    def _record_gap(self, index: int) -> None:
        try:
            self._attempt.record_gap(index, self._dropped_to.pop(index))
        except OSError as error:
            self.storage_failed(error)

    def _hold(self) -> None:
        if not self._held:
            self._held = True
            for reader in self._readers:
                reader.hold()
            self._attempt.workshop.spool.when_there_is_room(self._resume)

    def _resume(self) -> None:
        self._held = False
        for reader in self._readers:
            reader.resume()
