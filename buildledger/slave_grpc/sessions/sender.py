"""The sending half of a session: one task while there is something to send, none otherwise."""

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from buildledger.events.operation import Ended
from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb
from buildledger.slave_grpc.sessions.desired_runs import DesiredRunBuilder, RunFiles
from buildledger.slave_grpc.sessions.outbox import Outbox, split_desired
from buildledger.slave_grpc.sessions.secret_source import SecretLookups
from buildledger.slave_grpc.settings import WRITE_SECONDS
from buildledger.slave_grpc.state.open_work import OpenOperation
from buildledger.slave_grpc.wire.run_specs import ATTEMPT

_log = logging.getLogger(__name__)


class Sender:
    """Writes to one stream, one message at a time; the session checks whether it is `stalled`.

    New runs wait until the worker has reported the end of abandoned ones, which may use the same directory.
    """

    def __init__(
        self,
        write: Callable[[pb.Down], Any],
        *,
        epoch: int,
        features: Iterable[str],
        os: str,
        secrets: SecretLookups,
        files: RunFiles,
        refuse: Callable[[OpenOperation, Ended], None],
    ) -> None:
        """`refuse` ends an operation that this worker can't be given."""
        self._write = write
        self._epoch = epoch
        self._builder = DesiredRunBuilder(features, os, secrets, files, refuse=refuse)
        self._outbox = Outbox()
        self._revision = 0
        self._full: tuple[Sequence[tuple[OpenOperation, pb.RunSummary]], Sequence[pb.RunSummary]] | None = None
        self._sent_run_ids: set[str] = set()
        self._awaiting_abandon: set[str] = set()
        self._task: asyncio.Task[None] | None = None
        self._more = False
        """Something was queued since what is due was last taken: while that waits for secrets, for one."""
        self._replying = False
        self._writing_since: float | None = None
        self._loop = asyncio.get_running_loop()
        self._closing: Callable[[], None] | None = None
        self._closed = False
        self.on_failure: Callable[[], None] = lambda: None

    def send_full(
        self, held: Sequence[tuple[OpenOperation, pb.RunSummary]], abandoned: Sequence[pb.RunSummary]
    ) -> None:
        """Send the desired state of every run that the worker holds, and from which event on it should send."""
        self._full = (held, abandoned)
        self._awaiting_abandon.update(summary.run_id for summary in abandoned)
        for operation, summary in held:
            ack = pb.Ack(run_id=str(operation.operation_id), attempt=ATTEMPT, through_event=summary.acked_through)
            self._outbox.acknowledge(ack)
        self._start_sending()

    def desire(self, operation: OpenOperation) -> None:
        """Send that an operation is to run, or to be stopped."""
        self._outbox.desired[operation.operation_id] = operation
        self._start_sending()

    def abandon(self, operation: OpenOperation) -> None:
        """Send that a run is to be killed, unless the worker was never told of it."""
        self._outbox.desired.pop(operation.operation_id, None)
        run_id = str(operation.operation_id)
        if run_id in self._sent_run_ids:
            self._awaiting_abandon.add(run_id)
            self._outbox.abandoned[run_id] = pb.DesiredRun(
                run_id=run_id, attempt=ATTEMPT, fence=operation.fence, want=pb.WANT_ABANDON
            )
            self._start_sending()

    def run_ended(self, run_id: str) -> None:
        """Note that a run is over on the worker."""
        self._sent_run_ids.discard(run_id)
        if run_id in self._awaiting_abandon:
            self._awaiting_abandon.discard(run_id)
            self._start_sending()

    async def reply(self, reply: pb.HeartbeatReply) -> None:
        """Answer a heartbeat: at once while nothing else is being sent, and before everything else otherwise."""
        if self._task is not None or self._replying or self._closed:
            self._outbox.reply(reply)
            self._more = True
            return
        self._replying = True
        try:
            await self._write_timed(pb.Down(heartbeat_reply=reply))
        except Exception as error:
            self._failed(error)
        finally:
            self._replying = False
        self._resume_sending()

    def acknowledge(self, ack: pb.Ack) -> None:
        """Send how far a run is durable, which also grants credit for more output."""
        self._outbox.acknowledge(ack)
        self._start_sending()

    def send(self, down: pb.Down) -> None:
        """Send a message after everything that is queued."""
        self._outbox.send(down)
        self._start_sending()

    def close(self, last: pb.Down | None, then: Callable[[], None]) -> None:
        """Send a last message, and nothing after it; then call `then`."""
        if self._closed:
            then()
            return
        self._closing = then
        if last is not None:
            self._outbox.send(last)
        self._start_sending()

    async def stop(self) -> None:
        """Send nothing more; returns when nothing is being written."""
        self._closed, self._closing = True, None
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def stalled(self, now: float) -> bool:
        """Whether one write has lasted `WRITE_SECONDS`: the worker takes nothing, and would hold memory for ever."""
        return self._writing_since is not None and now - self._writing_since >= WRITE_SECONDS

    def _start_sending(self) -> None:
        self._more = True
        if self._task is None and not self._replying and not self._closed:
            self._task = asyncio.create_task(self._send())

    def _resume_sending(self) -> None:
        """Send what was queued while a reply was being written."""
        if self._closing is not None and self._closed:
            self._closing()
        elif self._closing is not None or self._full is not None or self._outbox.is_due:
            self._start_sending()

    async def _write_timed(self, message: pb.Down) -> None:
        self._writing_since = self._loop.time()
        await self._write(message)
        self._writing_since = None

    def _failed(self, error: Exception) -> None:
        """End the session after a failed write, which is an everyday thing: the worker reconnects and resumes."""
        _log.info("can't send to a worker: %s", error or type(error).__name__)
        self._closed = True
        self.on_failure()

    async def _send(self) -> None:
        try:
            while self._more:
                self._more = False
                for message in await self._due_messages():
                    self._more = True
                    await self._write_timed(message)
        except Exception as error:
            self._failed(error)
        finally:
            self._task = None
            if self._closing is not None:
                self._closed = True
                self._closing()

    async def _due_messages(self) -> list[pb.Down]:
        """Take everything that may be sent now, in order; empty when there is nothing."""
        outbox = self._outbox
        if self._closing is not None:
            return list(outbox.last())
        down = list(outbox.urgent())
        runs: list[pb.DesiredRun] = list(outbox.abandoned.values())
        outbox.abandoned.clear()
        if self._full is not None:
            runs += await self._desired_full(*self._full)
        for operation in self._take_sendable():
            if (run := await self._desired(operation, with_spec=True)) is not None:
                runs.append(run)
        if self._full is not None:
            self._full = None
            self._revision += 1
            desired = pb.Desired(epoch=self._epoch, revision=self._revision, full=True, runs=runs)
            down.append(pb.Down(desired=desired))
        else:
            for desired in split_desired(self._epoch, self._revision + 1, runs):
                self._revision = desired.revision
                down.append(pb.Down(desired=desired))
        down += outbox.progress()
        down += outbox.last()
        return down

    def _take_sendable(self) -> list[OpenOperation]:
        """Take the operations whose desired state may be sent: stops at once, runs once abandoned ones are over."""
        desired = self._outbox.desired
        ready = [
            operation
            for operation in desired.values()
            if self._full is None and (operation.stop_reason is not None or not self._awaiting_abandon)
        ]
        for operation in ready:
            del desired[operation.operation_id]
        return ready

    async def _desired_full(
        self, held: Sequence[tuple[OpenOperation, pb.RunSummary]], abandoned: Sequence[pb.RunSummary]
    ) -> list[pb.DesiredRun]:
        runs = [
            pb.DesiredRun(run_id=summary.run_id, attempt=summary.attempt, fence=summary.fence, want=pb.WANT_ABANDON)
            for summary in abandoned
        ]
        for operation, _ in held:
            run = await self._desired(operation, with_spec=False)
            if run is not None:
                runs.append(run)
        return runs

    async def _desired(self, operation: OpenOperation, *, with_spec: bool) -> pb.DesiredRun | None:
        run = await self._builder.build(operation, with_spec=with_spec)
        if run is not None:
            self._sent_run_ids.add(run.run_id)
        return run
