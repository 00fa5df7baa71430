"""One worker's stream: reads what the worker reports, and ends for one reason.

An idle session is one coroutine that waits for the next message. Storing and sending are tasks that exist only while
there is something to store or to send; a heartbeat is answered by the coroutine that read it. No session has a timer:
`Sessions.watch` checks all of them.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterable
from typing import Any, Final

import grpc.aio

from buildledger.events.ids import OperationId
from buildledger.events.worker import DisconnectReason
from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb
from buildledger.ledger.skipping import reason_of, traced
from buildledger.logs.store import LogStoreError
from buildledger.slave_grpc.sessions.ledger_heads import ToldHeads
from buildledger.slave_grpc.sessions.receive_budget import ReceiveBudget
from buildledger.slave_grpc.sessions.received_events import ReceivedEvents
from buildledger.slave_grpc.sessions.run_event_sink import RunEventSink
from buildledger.slave_grpc.sessions.runs import ProtocolViolationError, Received, Run, is_last
from buildledger.slave_grpc.sessions.sender import Sender
from buildledger.slave_grpc.state.open_work import OpenOperation
from buildledger.slave_grpc.wire.run_specs import ATTEMPT
from buildledger.slave_grpc.wire.status import error

_log = logging.getLogger(__name__)

Context = Any
"""`grpc.aio.ServicerContext`: its stubs know the class, but not `read` with the end of the stream."""


class Session:
    """A stream whose worker was admitted. Used on one event loop."""

    def __init__(
        self,
        *,
        context: Context,
        hello: pb.Hello,
        epoch: int,
        sender: Sender,
        event_sink: RunEventSink,
        receive_budget: ReceiveBudget,
        on_drain_request: Callable[[str], None],
    ) -> None:
        self.worker: Final = hello.name
        self.epoch: Final = epoch
        self.instance_id: Final = hello.instance_id
        self.reason: DisconnectReason = DisconnectReason.STREAM_ENDED
        """Why the session ended, as the fact `worker.disconnected` says it."""
        self.finished: Final = asyncio.Event()
        """Set when nothing of the session is being stored any more."""
        self.told_heads: ToldHeads | None = None
        """What the worker keeps of the ledger; None before it was welcomed."""
        self._context = context
        self._sender = sender
        self._event_sink = event_sink
        self._received_events: Final = ReceivedEvents(receive_budget, self._batch, self._failed_to_store)
        self._on_drain_request = on_drain_request
        self._runs: Final[dict[str, Run]] = {}
        self._loop = asyncio.get_running_loop()
        self._task = asyncio.current_task()
        self._closing = False
        """Whether the server is ending the session."""
        self._said_goodbye = False
        """Whether the worker has ended it."""
        self._received_at = self._loop.time()
        sender.on_failure = lambda: self.close(DisconnectReason.STREAM_ENDED)

    def resume(self, hello: pb.Hello, operations: dict[OperationId, OpenOperation]) -> Iterable[OpenOperation]:
        """Compare the runs that the worker holds with the open operations, and send what is desired of them.

        Returns operations that were started once and are unknown to the worker: they must not be started again.
        """
        remaining = {str(operation_id): operation for operation_id, operation in operations.items()}
        held: list[tuple[OpenOperation, pb.RunSummary]] = []
        abandoned: list[pb.RunSummary] = []
        for summary in hello.runs:
            operation = remaining.pop(summary.run_id, None) if summary.attempt == ATTEMPT else None
            if operation is not None:
                self._runs[summary.run_id] = Run(operation, summary.acked_through)
                held.append((operation, summary))
            elif summary.state not in (pb.RUN_STATE_EXITED, pb.RUN_STATE_ALL_ACKED):
                abandoned.append(summary)
        unknown_to_worker = [operation for operation in remaining.values() if operation.started]
        self._sender.send_full(held, abandoned)
        self.desire(operation for operation in remaining.values() if not operation.started)
        return unknown_to_worker

    def desire(self, operations: Iterable[OpenOperation]) -> None:
        """Send the desired state of operations that are new or have changed."""
        for operation in operations:
            run = self._runs.setdefault(str(operation.operation_id), Run(operation))
            if not run.last_seen:
                self._sender.desire(operation)

    def abandon(self, operation_ids: Iterable[OperationId]) -> None:
        """Have the worker kill what still runs of operations that have ended in the ledger."""
        for operation_id in operation_ids:
            run = self._runs.get(str(operation_id))
            if run is not None and not run.last_seen:
                del self._runs[run.run_id]
                self._sender.abandon(run.operation)

    def drain(self, seconds: float) -> None:
        """Ask the worker to reconnect within so many seconds, perhaps to another server."""
        if self.reason == DisconnectReason.STREAM_ENDED:
            self.reason = DisconnectReason.DRAINED
        down = pb.Down(drain=pb.Drain())
        down.drain.deadline.FromMilliseconds(int(seconds * 1000))
        self._sender.send(down)

    def close(self, reason: DisconnectReason, last: pb.Down | None = None) -> None:
        """End the stream, with a last message if the worker still takes one."""
        if self._closing:
            return
        self._closing = True
        self.reason = reason
        self._sender.close(last, self._interrupt)

    def check(self, now: float, silent_seconds: float) -> None:
        """End the session if the worker has sent nothing for so long, or takes nothing that is sent to it."""
        if self._task is None:
            return  # it is being ended already
        # While something is being stored, it may be this side that reads too slowly.
        if not self._received_events.is_storing and now - self._received_at >= silent_seconds:
            _log.warning("worker %s has been silent for %.0f s", self.worker, silent_seconds)
            self._closing, self.reason = True, DisconnectReason.SILENT
            self._interrupt()
        elif self._sender.stalled(now):
            _log.warning("worker %s takes nothing that is sent to it", self.worker)
            self._closing = True
            self._interrupt()

    async def run(self) -> None:
        """Read until the stream ends or the worker says goodbye."""
        try:
            while not self._said_goodbye and (arrived := await self._context.read()) is not grpc.aio.EOF:
                self._received_at = self._loop.time()
                if not self._closing:
                    await self._receive(*arrived)
        except asyncio.CancelledError:
            # gRPC cancels the handler of a broken stream; `close` cancels that of one that has to end.
            if not self._closing:
                raise
        except ProtocolViolationError as violation:
            self._close_for_violation(violation)
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.Event().wait()  # until the last message is out, see `close`
        finally:
            self._closing = True

    async def finish(self) -> None:
        """Wait for what is being stored; what wasn't begun is dropped, since the worker sends it again."""
        await self._received_events.finish()
        await self._sender.stop()
        self.finished.set()

    async def _receive(self, up: pb.Up, size: int) -> None:
        match up.WhichOneof("message"):
            case "events":
                await self._received_events.add(up.events, size)
            case "heartbeat":
                newer = None if self.told_heads is None else self.told_heads.due(self._received_at)
                await self._sender.reply(pb.HeartbeatReply(n=up.heartbeat.n, ledger_head=newer))
            case "drain_request":
                self._on_drain_request(up.drain_request.reason)
            case "goodbye":
                if self.reason != DisconnectReason.DRAINED:
                    self.reason = DisconnectReason.GOODBYE
                self._said_goodbye = True
            case "hello":
                raise ProtocolViolationError("a stream begins with one hello and has no second")
            case _:
                pass

    async def _batch(self, messages: list[pb.RunEvents]) -> None:
        """Store a batch of messages and acknowledge it.

        Raises:
            ProtocolViolationError: The worker broke the protocol; nothing of the batch is stored.
        """
        batch: dict[str, Received] = {}
        unknown_runs: dict[str, pb.Ack] = {}
        for message in messages:
            for event in message.events:
                run = self._runs.get(event.run_id)
                if run is None or event.attempt != ATTEMPT or event.fence != run.operation.fence:
                    self._acknowledge_unknown(event, unknown_runs)
                    continue
                received = batch.get(event.run_id)
                if received is None:
                    received = batch[event.run_id] = Received(run)
                run.take(event, received)
        await self._event_sink.store(list(batch.values()))
        for received in batch.values():
            self._sender.acknowledge(received.run.acknowledgement())
            if received.run.ended:
                self._runs.pop(received.run.run_id, None)
                self._sender.run_ended(received.run.run_id)
        for ack in unknown_runs.values():
            self._sender.acknowledge(ack)

    def _acknowledge_unknown(self, event: pb.RunEvent, acks: dict[str, pb.Ack]) -> None:
        """Acknowledge an event of a run that nobody waits for, so that the worker can free it."""
        acks[event.run_id] = pb.Ack(
            run_id=event.run_id, attempt=event.attempt, through_event=event.event_no, release=is_last(event)
        )
        if is_last(event):
            self._sender.run_ended(event.run_id)

    def _failed_to_store(self, trouble: Exception) -> None:
        if isinstance(trouble, ProtocolViolationError):
            self._close_for_violation(trouble)
            return
        said = (self.worker, reason_of(trouble))
        shown = None if isinstance(trouble, LogStoreError) else traced(trouble)
        _log.error("what worker %s reported can't be stored: %s", *said, exc_info=shown)
        last = error(pb.ERROR_CODE_UNAVAILABLE, "the server can't store what the worker reports")
        self.close(DisconnectReason.STREAM_ENDED, last)

    def _close_for_violation(self, violation: ProtocolViolationError) -> None:
        _log.error("worker %s broke the protocol: %s", self.worker, violation)
        self.close(DisconnectReason.STREAM_ENDED, error(pb.ERROR_CODE_PROTOCOL_VIOLATION, str(violation)))

    def _interrupt(self) -> None:
        """Cancel the handler's task, once, whatever it waits for."""
        if self._task is not None:
            self._task.cancel()
            self._task = None
