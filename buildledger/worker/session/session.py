"""One session with the server: handshake, desired state, events and heartbeats on one stream."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass

import grpc
import grpc.aio

from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb
from buildledger.grpc_protos.worker.v1 import worker_pb2_grpc
from buildledger.worker.runs.attempt import State
from buildledger.worker.runs.attempt_store import AttemptStore
from buildledger.worker.runs.executor import Executor
from buildledger.worker.runs.plan import seconds
from buildledger.worker.session.attempt_registry import AttemptRegistry
from buildledger.worker.session.ledger_head import LedgerHeadFile
from buildledger.worker.session.outbox import Outbox

PROTOCOL_VERSION = 1
_WELCOME_SECONDS = 15.0
_DEFAULT_HEARTBEAT_SECONDS = 10.0
# So that a peer that is gone without a word is noticed within 35 s at the usual interval.
_SILENT_HEARTBEATS = 2.5
_WRITE_SECONDS = 30.0
_GOODBYE_SECONDS = 2.0
_FIRST_ACK_SECONDS = 3.0
_CHUNK_BYTES = range(4 << 10, (240 << 10) + 1)
_DEFAULT_CHUNK_BYTES = 64 << 10
_DEFAULT_FLUSH_SECONDS = 0.1

_log = logging.getLogger(__name__)


class SessionRefusedError(Exception):
    """The server ended the session with a reason."""

    def __init__(self, error: pb.Error) -> None:
        self.is_fatal = error.fatal
        self.retry_after_seconds = seconds(error.retry_after)
        super().__init__(f"{pb.ErrorCode.Name(error.code)}: {error.message}")


class ServerSilentError(Exception):
    """The server sent nothing for too long, or doesn't read what is sent."""


@dataclass(kw_only=True)
class SessionIdentity:
    """What Hello says of the worker and one session leaves to the next."""

    instance_id: str
    worker_id: str
    last_epoch: int
    ledger_head: LedgerHeadFile
    draining_reason: str | None = None


class Session:
    """One stream; `run` returns when the server drains it or it was said goodbye to, and raises otherwise."""

    def __init__(
        self,
        store: AttemptStore,
        executor: Executor,
        registry: AttemptRegistry,
        outbox: Outbox,
        identity: SessionIdentity,
        metadata: tuple[tuple[str, str], ...],
    ) -> None:
        self.is_established = False
        self.ended = asyncio.Event()
        self.on_established: Callable[[], None] = lambda: None
        self.server_features: frozenset[str] = frozenset()
        """Optional features that the server has; none of the others may be used."""
        self.reconnect_to = ""
        """Where the server asked to connect next; empty for the usual address."""
        self._store = store
        self._executor = executor
        self._registry = registry
        self._outbox = outbox
        self._identity = identity
        self._metadata = metadata
        self._loop = asyncio.get_running_loop()
        self._heard_at = self._loop.time()
        self._writing_since: float | None = None
        self._heartbeat_seconds = _DEFAULT_HEARTBEAT_SECONDS
        self._goodbye: str | None = None

    async def run(self, channel: grpc.aio.Channel) -> None:
        """Hold the session until it ends.

        Raises:
            SessionRefusedError: the server said why.
            ServerSilentError: the server doesn't answer any more.
            grpc.aio.AioRpcError: the connection failed or broke.
        """
        call = worker_pb2_grpc.WorkerStub(channel).Session(metadata=self._metadata)
        try:
            async with asyncio.timeout(_WELCOME_SECONDS):
                welcome = await self._introduce(call)
            self._establish(welcome)
            tasks = [asyncio.create_task(each) for each in (self._receive(call), self._send(call), self._keep_alive())]
            try:
                done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
            for task in done:
                task.result()
        except TimeoutError as error:
            raise ServerSilentError("the server accepted the connection but doesn't answer") from error
        finally:
            call.cancel()

    def say_goodbye(self, reason: str) -> None:
        """End the session on purpose."""
        self._goodbye = reason
        self._outbox.post(pb.Up(goodbye=pb.Goodbye(reason=reason)))

    async def _introduce(self, call: "_Call") -> pb.Welcome:
        await call.write(pb.Up(hello=self._hello()))
        first = await call.read()
        if not isinstance(first, pb.Down):
            raise await _broken(call)
        match first.WhichOneof("message"):
            case "welcome":
                return first.welcome
            case "error":
                raise SessionRefusedError(first.error)
            case other:
                raise SessionRefusedError(
                    pb.Error(code=pb.ERROR_CODE_PROTOCOL_VIOLATION, message=f"{other} instead of a welcome")
                )

    def _hello(self) -> pb.Hello:
        settings, executor = self._store.settings, self._executor
        return pb.Hello(
            proto_min=PROTOCOL_VERSION,
            proto_max=PROTOCOL_VERSION,
            worker_id=self._identity.worker_id,
            name=settings.name,
            boot_id=self._store.boot_id,
            instance_id=self._identity.instance_id,
            os=executor.os,
            arch=executor.arch,
            software=executor.software,
            labels=dict(settings.labels),
            capacity=settings.capacity,
            features=[*executor.features, "ledger_head"],
            limits=pb.Limits(spool_bytes=settings.spool_bytes, message_bytes=1 << 20),
            encoding="utf-8",
            work_directory=executor.work_directory,
            runs=[
                attempt.summary() for attempt in self._registry if attempt.state > State.NEW and not attempt.is_unknown
            ],
            last_epoch=self._identity.last_epoch,
            draining=self._identity.draining_reason is not None,
            ledger_head=self._identity.ledger_head.kept,
        )

    def _establish(self, welcome: pb.Welcome) -> None:
        if welcome.epoch < self._identity.last_epoch:
            message = f"the server is behind: epoch {welcome.epoch} after {self._identity.last_epoch}"
            raise SessionRefusedError(pb.Error(code=pb.ERROR_CODE_UNAVAILABLE, message=message))
        if welcome.proto != PROTOCOL_VERSION:
            message = f"the server chose protocol version {welcome.proto}, which wasn't offered"
            raise SessionRefusedError(pb.Error(code=pb.ERROR_CODE_PROTOCOL_VERSION, fatal=True, message=message))
        self._identity.last_epoch = welcome.epoch
        self._identity.ledger_head.welcomed(welcome)
        asked = seconds(welcome.heartbeat) or _DEFAULT_HEARTBEAT_SECONDS
        self._heartbeat_seconds = self._store.settings.heartbeat_seconds or min(max(asked, 1.0), 60.0)
        self.server_features = frozenset(welcome.features)
        server_settings = self._store.server_settings
        chunk = welcome.chunk_bytes or _DEFAULT_CHUNK_BYTES
        server_settings.chunk_bytes = min(max(chunk, _CHUNK_BYTES.start), _CHUNK_BYTES.stop - 1)
        server_settings.flush_seconds = (
            min(seconds(welcome.flush), 5.0) if welcome.HasField("flush") else _DEFAULT_FLUSH_SECONDS
        )
        server_settings.orphan_seconds = seconds(welcome.orphan_ttl)
        self._heard_at = self._loop.time()
        self.is_established = True
        self._outbox.start_session(
            [attempt for attempt in self._registry if attempt.state > State.NEW],
            welcome.run_credit_bytes,
            welcome.session_credit_bytes,
        )
        if self._identity.draining_reason is not None:
            self._outbox.post(pb.Up(drain_request=pb.DrainRequest(reason=self._identity.draining_reason)))
        self._loop.call_later(_FIRST_ACK_SECONDS, self._registry.stop_waiting_for_acks)
        self.on_established()
        _log.info("session %d with %s is established", welcome.epoch, welcome.server or "the server")

    async def _receive(self, call: "_Call") -> None:
        """Do what the server says; returns when it ends the stream after a goodbye."""
        while True:
            message = await call.read()
            if not isinstance(message, pb.Down):
                if self._goodbye is not None:
                    return
                raise await _broken(call)
            self._heard_at = self._loop.time()
            match message.WhichOneof("message"):
                case "desired":
                    if message.desired.epoch >= self._identity.last_epoch:
                        self._registry.apply(message.desired)
                case "progress":
                    for ack in message.progress.acks:
                        self._registry.acknowledge(ack)
                    for credit in message.progress.credits:
                        self._registry.credit(credit)
                case "heartbeat_reply":
                    self._identity.ledger_head.told(message.heartbeat_reply.ledger_head)
                case "drain":
                    # Whatever isn't sent or acknowledged yet is sent on the next stream.
                    self.reconnect_to = message.drain.reconnect_to
                    self.say_goodbye("drained")
                case "error":
                    raise SessionRefusedError(message.error)

    async def _send(self, call: "_Call") -> None:
        while True:
            message = await self._outbox.next_message()
            self._writing_since = self._loop.time()
            await call.write(message)
            self._writing_since = None
            if message.HasField("goodbye"):
                await call.done_writing()
                # The server ends the stream; if it doesn't, so be it.
                await asyncio.sleep(_GOODBYE_SECONDS)
                return

    async def _keep_alive(self) -> None:
        """Send heartbeats, and notice when the server is gone."""
        number = 0
        while True:
            await asyncio.sleep(self._heartbeat_seconds / 2)
            now = self._loop.time()
            if now - self._heard_at > self._heartbeat_seconds * _SILENT_HEARTBEATS:
                raise ServerSilentError(f"nothing was heard from the server for {now - self._heard_at:.0f} s")
            if self._writing_since is not None and now - self._writing_since > _WRITE_SECONDS:
                raise ServerSilentError(f"the server has taken nothing for {_WRITE_SECONDS:.0f} s")
            number += 1
            if number % 2:
                self._outbox.post(pb.Up(heartbeat=self._heartbeat(number // 2 + 1)))

    def _heartbeat(self, number: int) -> pb.Heartbeat:
        beat = self._executor.heartbeat_stats()
        beat.n = number
        beat.spooled_bytes = self._store.spool.used_bytes
        for attempt in self._registry:
            if attempt.state in (State.RUNNING, State.STOPPING):
                beat.running.add(run_id=attempt.run_id, attempt=attempt.attempt)
        return beat


_Call = grpc.aio.StreamStreamCall[pb.Up, pb.Down]


async def _broken(call: _Call) -> Exception:
    """Why the stream has ended although nobody said so."""
    code = await call.code()
    return ServerSilentError(f"the stream broke: {code.name}: {await call.details()}")
