"""Records the output of a command in its attempt's journal: masked, and within its limits."""

import logging
from collections.abc import Callable

from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb
from buildledger.worker.masking.masker import Masker
from buildledger.worker.runs.attempt import Attempt
from buildledger.worker.runs.output import Channel
from buildledger.worker.runs.plan import Plan

_log = logging.getLogger(__name__)


class Recording:
    """All output of one command."""

    def __init__(self, attempt: Attempt, plan: Plan, pause: Callable[[], None]) -> None:
        """`pause` is called when there is no room for more, each time."""
        command = plan.spec.command
        self._attempt = attempt
        self._pause = pause
        self._log_limit = command.log_limit
        self._may_drop = command.output_policy == pb.OUTPUT_POLICY_GAP
        self._dropped_to: dict[int, int] = {}
        self._has_failed = False
        self.trouble = ""
        """What went wrong with keeping the output, for people."""
        values = [secret.value for secret in command.secrets]
        self.channels = [
            Channel(index, name, Masker(values) if values else None, self._emit, attempt.store.server_settings)
            for index, name in enumerate(plan.channels)
        ]
        """Those of the plan, in its order; each is fed with what was written to it."""

    def finish(self) -> None:
        """Nothing more comes: journal all that is left."""
        for channel in self.channels:
            channel.finish()
        for index in list(self._dropped_to):
            self._record_gap(index)

    def totals(self) -> list[pb.OutputTotal]:
        """Size and digest of each channel that had output."""
        return [
            pb.OutputTotal(channel=channel.name, bytes=end, sha256=channel.sha256)
            for channel, end in zip(self.channels, self._attempt.journal.offsets, strict=True)
            if end
        ]

    def storage_failed(self, error: OSError) -> None:
        """Log that the disk failed, and kill the run, whose output can't be recorded."""
        if self._has_failed:
            return
        self._has_failed = True
        self.trouble = f"the worker can't keep the output: {error.strerror or error}"
        _log.critical("run %s: %s", self._attempt.run_id, self.trouble)
        self._attempt.stop.make(pb.EXIT_REASON_STORAGE, pb.STOP_LEVEL_KILL)

    def _emit(self, index: int, data: bytes) -> None:
        spool = self._attempt.store.spool
        if self._log_limit:
            data = self._within_limit(data)
        if self._has_failed or not data:
            return
        try:
            if self._may_drop and spool.is_full:
                begin = self._dropped_to.get(index, self._attempt.journal.offsets[index])
                self._dropped_to[index] = begin + len(data)
                return
            if index in self._dropped_to:
                self._record_gap(index)
            self._attempt.record_output(index, data)
        except OSError as error:
            self.storage_failed(error)
            return
        self.channels[index].count(data)
        if spool.is_full and not self._may_drop:
            self._pause()

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
