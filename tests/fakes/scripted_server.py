"""A real gRPC server on loopback that plays the server's part in the worker protocol as a test tells it to.

By default it behaves: it welcomes, acknowledges each event once it is stored, answers heartbeats. A test changes what
it does through its attributes, sends anything with `send`, and looks at what came in `events`, `output` and `hellos`.
"""

import asyncio
import contextlib
import hashlib
import uuid
from collections import defaultdict
from collections.abc import AsyncIterator, Callable

import google_crc32c
import grpc
import grpc.aio
from google.protobuf.duration_pb2 import Duration

from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb
from buildledger.grpc_protos.worker.v1 import worker_pb2_grpc

Key = tuple[str, int]
DEADLINE_SECONDS = 30.0


class ScriptedServer(worker_pb2_grpc.WorkerServicer):
    """The far end of the socket: stores events as a server would, and checks what a server must be able to rely on."""

    def __init__(self) -> None:
        self.port = 0
        self.welcome = pb.Welcome(proto=1, heartbeat=Duration(seconds=10))
        self.acknowledges = True
        """Whether events are acknowledged when they come."""
        self.releases = True
        """Whether the acknowledgement of the last event releases the attempt."""
        self.refusal: pb.Error | None = None
        """Sent instead of a welcome."""
        self.answers_heartbeats = True
        self.on_event: Callable[[pb.RunEvent], None] | None = None
        """Called for each event that is stored."""
        self.hellos: list[pb.Hello] = []
        self.metadata: list[dict[str, str]] = []
        self.heartbeats: list[pb.Heartbeat] = []
        self.goodbyes: list[pb.Goodbye] = []
        self.drain_requests: list[pb.DrainRequest] = []
        self.received_events = 0
        """Events that came, repeated ones too."""
        self.events: dict[Key, list[pb.RunEvent]] = defaultdict(list)
        self.wanted: dict[Key, pb.DesiredRun] = {}
        self._changed = asyncio.Condition()
        self._down: asyncio.Queue[pb.Down | None] | None = None
        self._epoch = 0
        self._revision = 0
        self._server: grpc.aio.Server | None = None

    async def start(self, port: int = 0, *, add: Callable[[grpc.aio.Server], None] | None = None) -> None:
        """Listen on loopback, again on the same port if it was stopped; `add` may register more services."""
        self._server = grpc.aio.server(options=[("grpc.so_reuseport", 0)])
        worker_pb2_grpc.add_WorkerServicer_to_server(self, self._server)
        if add is not None:
            add(self._server)
        self.port = self._server.add_insecure_port(f"127.0.0.1:{port or self.port}")
        await self._server.start()

    async def stop(self) -> None:
        """Break all connections, as a killed server does; what was stored stays."""
        if self._server is not None:
            server, self._server = self._server, None
            await server.stop(0)

    @property
    def address(self) -> str:
        """Where the worker connects to."""
        return f"127.0.0.1:{self.port}"

    def run(self, spec: pb.RunSpec, *, run_id: str = "", attempt: int = 1, fence: int = 1) -> Key:
        """Want a run; sent at once if a worker is connected, and in the first message of every session."""
        wanted = pb.DesiredRun(
            run_id=run_id or str(uuid.uuid4()), attempt=attempt, fence=fence, want=pb.WANT_RUN, spec=spec
        )
        return self.want(wanted)

    def want(self, wanted: pb.DesiredRun) -> Key:
        """Want anything of an attempt."""
        key = (wanted.run_id, wanted.attempt)
        self.wanted[key] = wanted
        self.send(pb.Down(desired=self.desired([wanted])))
        return key

    def stop_run(self, key: Key, level: pb.StopLevel.ValueType = pb.STOP_LEVEL_INTERRUPT) -> None:
        """Want a run stopped."""
        fence = self.wanted[key].fence if key in self.wanted else 1
        stop = pb.Stop(level=level)
        self.want(pb.DesiredRun(run_id=key[0], attempt=key[1], fence=fence, want=pb.WANT_STOP, stop=stop))

    def desired(self, runs: list[pb.DesiredRun], *, full: bool = False) -> pb.Desired:
        """A message with the next revision."""
        self._revision += 1
        return pb.Desired(epoch=self._epoch, revision=self._revision, full=full, runs=runs)

    def send(self, message: pb.Down) -> None:
        """Send anything on the current session; lost if there is none."""
        if self._down is not None:
            self._down.put_nowait(message)

    def end_session(self) -> None:
        """End the stream without a word."""
        if self._down is not None:
            self._down.put_nowait(None)

    async def until(self, condition: Callable[[], bool], seconds: float = DEADLINE_SECONDS) -> None:
        """Wait until something that came from the worker makes the condition true."""
        async with self._changed:
            await asyncio.wait_for(self._changed.wait_for(condition), seconds)

    async def ended(self, key: Key, seconds: float = DEADLINE_SECONDS) -> pb.Exited:
        """Wait for an attempt's end."""
        await self.until(lambda: self.last(key) in ("exited", "rejected"), seconds)
        assert self.last(key) == "exited", self.events[key][-1]
        return self.events[key][-1].exited

    async def rejected(self, key: Key) -> pb.Rejected:
        """Wait for an attempt's refusal."""
        await self.until(lambda: self.last(key) == "rejected")
        assert [event.WhichOneof("event") for event in self.events[key]] == ["rejected"]
        return self.events[key][-1].rejected

    async def connected(self, count: int = 1) -> pb.Hello:
        """Wait for the n-th session."""
        await self.until(lambda: len(self.hellos) >= count)
        return self.hellos[count - 1]

    def last(self, key: Key) -> str:
        """Kind of the newest event of an attempt."""
        return (self.events[key][-1].WhichOneof("event") or "") if self.events[key] else ""

    def kinds(self, key: Key) -> list[str]:
        """Kinds of all events of an attempt, in order."""
        return [event.WhichOneof("event") or "" for event in self.events[key]]

    def output(self, key: Key, channel: str = "stdio") -> bytes:
        """All bytes of a channel; gaps would be an error."""
        parts = [event.output for event in self.events[key] if event.output.channel == channel]
        offset = 0
        for part in parts:
            assert part.offset == offset, f"a hole at {offset}: {part.offset}"
            offset += len(part.data)
        return b"".join(part.data for part in parts)

    def check_totals(self, key: Key) -> None:
        """What the worker says it sent is what came."""
        for total in self.events[key][-1].exited.output_totals:
            data = self.output(key, total.channel)
            assert total.bytes == len(data)
            assert total.sha256 == hashlib.sha256(data).digest()

    async def Session(  # noqa: N802 - gRPC's name
        self, request_iterator: AsyncIterator[pb.Up], context: "grpc.aio.ServicerContext[pb.Up, pb.Down]"
    ) -> AsyncIterator[pb.Down]:
        """One session, played by the script."""
        first = await anext(request_iterator)
        assert first.WhichOneof("message") == "hello"
        self.metadata.append({key: str(value) for key, value in context.invocation_metadata() or ()})
        down: asyncio.Queue[pb.Down | None] = asyncio.Queue()
        if self.refusal is not None:
            await self._note(lambda: self.hellos.append(first.hello))
            yield pb.Down(error=self.refusal)
            return
        self._epoch += 1
        self._revision = 0
        welcome = pb.Welcome()
        welcome.CopyFrom(self.welcome)
        welcome.epoch = self._epoch
        down.put_nowait(pb.Down(welcome=welcome))
        down.put_nowait(pb.Down(desired=self.desired(list(self.wanted.values()), full=True)))
        down.put_nowait(
            pb.Down(progress=pb.Progress(acks=[self.ack((run.run_id, run.attempt)) for run in first.hello.runs]))
        )
        self._down = down
        await self._note(lambda: self.hellos.append(first.hello))
        reader = asyncio.create_task(self._read(request_iterator, down))
        try:
            while (message := await down.get()) is not None:
                yield message
        finally:
            reader.cancel()
            if self._down is down:
                self._down = None

    def ack(self, key: Key) -> pb.Ack:
        """Acknowledges what is stored of an attempt."""
        ended = self.last(key) in ("exited", "rejected")
        if ended and self.releases and self.acknowledges:
            self.wanted.pop(key, None)
        through = len(self.events[key]) if self.acknowledges else 0
        return pb.Ack(
            run_id=key[0], attempt=key[1], through_event=through, release=ended and self.releases and self.acknowledges
        )

    async def _read(self, messages: AsyncIterator[pb.Up], down: "asyncio.Queue[pb.Down | None]") -> None:
        with contextlib.suppress(grpc.RpcError):
            async for message in messages:
                await self._take(message, down)
        down.put_nowait(None)

    async def _take(self, message: pb.Up, down: "asyncio.Queue[pb.Down | None]") -> None:
        match message.WhichOneof("message"):
            case "events":
                assert message.ByteSize() <= 256 << 10
                touched = {self._store(event, down) for event in message.events.events}
                if self.acknowledges:
                    down.put_nowait(pb.Down(progress=pb.Progress(acks=[self.ack(key) for key in sorted(touched)])))
            case "heartbeat":
                self.heartbeats.append(message.heartbeat)
                if self.answers_heartbeats:
                    down.put_nowait(pb.Down(heartbeat_reply=pb.HeartbeatReply(n=message.heartbeat.n)))
            case "goodbye":
                self.goodbyes.append(message.goodbye)
            case "drain_request":
                self.drain_requests.append(message.drain_request)
        await self._note(lambda: None)

    def _store(self, event: pb.RunEvent, down: "asyncio.Queue[pb.Down | None]") -> Key:
        """Keep an event unless it is known; ask for what is missing."""
        key = (event.run_id, event.attempt)
        stored = self.events[key]
        self.received_events += 1
        if event.event_no == len(stored) + 1:
            if event.HasField("output"):
                assert event.output.crc32c == google_crc32c.value(event.output.data)
            stored.append(event)
            if self.on_event is not None:
                self.on_event(event)
        elif event.event_no <= len(stored):
            known = pb.RunEvent()
            known.CopyFrom(stored[event.event_no - 1])
            known.fence = event.fence
            assert known == event, "an event that was sent before has changed"
        else:
            resume = pb.Ack(run_id=key[0], attempt=key[1], through_event=len(stored), resume_from=len(stored) + 1)
            down.put_nowait(pb.Down(progress=pb.Progress(acks=[resume])))
        return key

    async def _note(self, change: Callable[[], None]) -> None:
        async with self._changed:
            change()
            self._changed.notify_all()
