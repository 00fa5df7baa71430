"""A real gRPC server on loopback that plays the server's part as a case tells it to.

Left alone it behaves: it welcomes, wants what the case wants, stores each event and acknowledges it, and answers
heartbeats. It forgets nothing when the network breaks, as a server that is restarted on its ledger.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterable

import grpc
import grpc.aio

from buildledger.conformance.condition import Condition
from buildledger.conformance.hello_check import HelloCheck
from buildledger.conformance.message_builder import enum_name
from buildledger.conformance.record import AttemptRecord, describe
from buildledger.conformance.runs import Key, Runs
from buildledger.conformance.server_behaviour import ServerBehaviour, from_the_future
from buildledger.conformance.session import Sent, SessionRecord
from buildledger.conformance.transcript import Transcript
from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb

DEFAULT_RUN_CREDIT_BYTES = 1 << 20
DEFAULT_SESSION_CREDIT_BYTES = 8 << 20
_DEFAULT_CHUNK_BYTES = 64 << 10
OPTIONS = (
    ("grpc.so_reuseport", 0),
    ("grpc.max_receive_message_length", 1 << 20),
    ("grpc.http2.min_ping_interval_without_data_ms", 10_000),
    ("grpc.http2.min_recv_ping_interval_without_data_ms", 10_000),
    ("grpc.keepalive_permit_without_calls", 1),
)


class ScriptedServer:
    """The far end of the socket."""

    def __init__(self, name: str, welcome: pb.Welcome, transcript: Transcript, condition: Condition) -> None:
        self.port = 0
        self.welcome = welcome
        self.behaviour = ServerBehaviour()
        self.calls_at: list[float] = []
        """When sessions were asked for, refused ones too."""
        self.sessions: list[SessionRecord] = []
        """Those that were welcomed."""
        self.runs = Runs(name, self.violation)
        self.violations: list[str] = []
        self.proxy_of: Callable[[str], str] = lambda peer: ""
        """Which proxy a peer came through."""
        self.start_of_worker: Callable[[], int] = lambda: 0
        """How often the worker was started: each start has an `instance_id` of its own."""
        self.epoch = 0
        self._hello_check = HelloCheck(name, self.runs, lambda: self.start_of_worker(), self.violation)
        self._transcript = transcript
        self._condition = condition
        self._server: grpc.aio.Server | None = None

    async def start(self, others: Iterable[Callable[[grpc.aio.Server], None]]) -> None:
        """Listen on a free port, with other services beside this one."""
        self._server = grpc.aio.server(options=OPTIONS)
        self._server.add_generic_rpc_handlers((self._handler(),))
        for add in others:
            add(self._server)
        self.port = self._server.add_insecure_port("127.0.0.1:0")
        await self._server.start()

    async def stop(self) -> None:
        """Break what is open."""
        if self._server is not None:
            await self._server.stop(0)

    @property
    def session(self) -> SessionRecord | None:
        """The newest stream, if it is open."""
        return self.sessions[-1] if self.sessions and self.sessions[-1].is_open else None

    def want(
        self, wanted: pb.DesiredRun, *, epoch_offset: int = 0, revision_offset: int = 0, lasting: bool = True
    ) -> None:
        """Want something of an attempt: now, and (if `lasting`) at the beginning of every stream from here on."""
        key = (wanted.run_id, wanted.attempt)
        record = self.runs.record_of(key)
        record.highest_fence = max(record.highest_fence, wanted.fence)
        if lasting:
            self.runs.wanted[key] = wanted
        session = self.session
        if session is not None:
            desired = self.desired([wanted], epoch_offset=epoch_offset, revision_offset=revision_offset)
            self.send(pb.Down(desired=desired))

    def desired(
        self, runs: Iterable[pb.DesiredRun], *, full: bool = False, epoch_offset: int = 0, revision_offset: int = 0
    ) -> pb.Desired:
        """A message with the next revision, or with an older one if an offset says so."""
        session = self.sessions[-1]
        if revision_offset == 0 and epoch_offset == 0:
            session.revision += 1
        epoch, revision = session.epoch + epoch_offset, session.revision + revision_offset
        return pb.Desired(epoch=epoch, revision=revision, full=full, runs=runs)

    def send(self, message: Sent) -> None:
        """Send on the newest stream; lost if it isn't open. None ends it without a word."""
        session = self.session
        if session is not None:
            session.down.put_nowait(message)

    def ack(self, record: AttemptRecord, *, resume: bool = False) -> pb.Ack:
        """Acknowledges what the server's behaviour allows."""
        if self.behaviour.acks != "withhold":
            record.acknowledge(len(record.stored))
        through = record.acked_through
        ack = pb.Ack(run_id=record.run_id, attempt=record.attempt, through_event=through)
        if resume:
            ack.resume_from = len(record.stored) + 1
            ack.through_event = min(through, len(record.stored))
        if record.has_ended and through == len(record.stored) and self.behaviour.releases:
            ack.release = True
            record.released = True
            self.runs.wanted.pop((record.run_id, record.attempt), None)
        return ack

    def violation(self, what: str) -> None:
        """Note that the worker broke the protocol."""
        self.violations.append(what)
        self._transcript.add("kit", f"VIOLATION: {what}")

    def _handler(self) -> grpc.GenericRpcHandler:
        """The service with a serializer that also lets bytes through as they are."""
        behaviour = grpc.stream_stream_rpc_method_handler(
            self.session_call,
            request_deserializer=pb.Up.FromString,
            response_serializer=lambda sent: sent if isinstance(sent, bytes) else sent.SerializeToString(),
        )
        return grpc.method_handlers_generic_handler("buildledger.worker.v1.Worker", {"Session": behaviour})

    async def session_call(
        self, request_iterator: AsyncIterator[pb.Up], context: grpc.aio.ServicerContext[pb.Up, pb.Down]
    ) -> AsyncIterator[pb.Down | bytes]:
        """One session, as the case scripts it."""
        self.calls_at.append(self._transcript.seconds)
        if isinstance(self.behaviour.refusal, grpc.StatusCode):
            self._transcript.add("server", f"refuses with {self.behaviour.refusal.name}")
            self._condition.notify()
            await context.abort(self.behaviour.refusal, "the case wants it so")
        first = await anext(aiter(request_iterator), None)
        if first is None:
            return
        if first.WhichOneof("message") != "hello":
            self.violation("a stream didn't begin with Hello")
            return
        metadata = {key: str(value) for key, value in context.invocation_metadata() or ()}
        self._check_hello(first.hello, metadata)
        if self.behaviour.refusal is not None:
            self._transcript.add(
                "server", f"refuses with {enum_name(pb.ErrorCode.DESCRIPTOR, self.behaviour.refusal.code)}"
            )
            self._condition.notify()
            yield pb.Down(error=self.behaviour.refusal)
            return
        session = self._open(first.hello, metadata, self.proxy_of(context.peer()))
        reader = asyncio.create_task(self._read(request_iterator, session))
        try:
            while (message := await session.down.get()) is not None:
                yield from_the_future(message) if self.behaviour.from_the_future else message
        finally:
            reader.cancel()
            session.ended_at = self._transcript.seconds
            self._transcript.add("network", f"session {session.number} has ended")
            self._condition.notify()

    def _check_hello(self, hello: pb.Hello, metadata: dict[str, str]) -> None:
        self._hello_check.check(hello)
        bearer = metadata.get("authorization", "").removeprefix("Bearer ")
        if self.behaviour.credentials and bearer not in self.behaviour.credentials:
            self.violation("the session's credential isn't one that the server issued")
        flaw = self.behaviour.proofs.flaw(bearer, metadata)
        if flaw is not None:
            self.violation(f"Session: {flaw}")

    def _open(self, hello: pb.Hello, metadata: dict[str, str], proxy: str) -> SessionRecord:
        self.epoch += 1
        session = SessionRecord(len(self.sessions) + 1, proxy, metadata, hello, self._transcript.seconds)
        session.epoch = self.epoch
        self.sessions.append(session)
        held = ", ".join(self.runs.name_of(run.run_id) for run in hello.runs) or "nothing"
        self._transcript.add("worker", f"Hello (session {session.number} at proxy {proxy}), holding {held}")
        if self.behaviour.introduces:
            self._introduce(session)
        self._condition.notify()
        return session

    def _introduce(self, session: SessionRecord) -> None:
        welcome = pb.Welcome()
        welcome.CopyFrom(self.welcome)
        welcome.epoch = session.epoch
        session.down.put_nowait(pb.Down(welcome=welcome))
        held = {(run.run_id, run.attempt) for run in session.hello.runs}
        for record in self.runs.records.values():
            record.start_session()
        acks = [self.ack(self.runs.records[key]) for key in held if key in self.runs.wanted]
        wanted = [_without_spec(run) if key in held else run for key, run in self.runs.wanted.items()]
        session.down.put_nowait(pb.Down(desired=self.desired(wanted, full=True)))
        if acks:
            session.down.put_nowait(pb.Down(progress=pb.Progress(acks=acks)))

    async def _read(self, messages: AsyncIterator[pb.Up], session: SessionRecord) -> None:
        with contextlib.suppress(grpc.RpcError, asyncio.CancelledError):
            async for message in messages:
                session.check(message, self.violation)
                self._take(message, session)
                self._condition.notify()
        session.down.put_nowait(None)

    def _take(self, message: pb.Up, session: SessionRecord) -> None:
        match message.WhichOneof("message"):
            case "events":
                self._take_events(message.events, session)
            case "heartbeat":
                session.heartbeats.append(message.heartbeat)
                if self.behaviour.answers_heartbeats:
                    session.down.put_nowait(pb.Down(heartbeat_reply=pb.HeartbeatReply(n=message.heartbeat.n)))
            case "drain_request":
                session.drain_requests.append(message.drain_request)
                self._transcript.add("worker", f"DrainRequest “{message.drain_request.reason}”")
            case "goodbye":
                session.goodbye = message.goodbye
                self._transcript.add("worker", f"Goodbye “{message.goodbye.reason}”")
                session.down.put_nowait(None)

    def _take_events(self, events: pb.RunEvents, session: SessionRecord) -> None:
        touched: dict[Key, bool] = {}
        for event in events.events:
            key = (event.run_id, event.attempt)
            record = self.runs.records.get(key)
            if record is None:
                self.violation(f"an event of a run that was never wanted: {event.run_id}")
                continue
            self._transcript.add("worker", f"{record.name}#{event.event_no} {describe(event)}")
            if len(event.output.data) > (self.welcome.chunk_bytes or _DEFAULT_CHUNK_BYTES):
                self.violation(f"an output has {len(event.output.data)} bytes, more than Welcome.chunk_bytes")
            window = self.welcome.run_credit_bytes or DEFAULT_RUN_CREDIT_BYTES
            stored = record.take(event, self._transcript.seconds, window)
            touched[key] = touched.get(key, False) or not stored
        limit = self.welcome.session_credit_bytes or DEFAULT_SESSION_CREDIT_BYTES
        self.runs.check_session_credit(limit, self.welcome.chunk_bytes or _DEFAULT_CHUNK_BYTES)
        acks = [
            self.ack(self.runs.records[key], resume=hole)
            for key, hole in touched.items()
            if hole or self.behaviour.acks == "stored"
        ]
        if acks and self.session is session:
            session.down.put_nowait(pb.Down(progress=pb.Progress(acks=acks)))


def _without_spec(run: pb.DesiredRun) -> pb.DesiredRun:
    """What is wanted of an attempt that the worker already holds."""
    bare = pb.DesiredRun()
    bare.CopyFrom(run)
    bare.ClearField("spec")
    return bare
