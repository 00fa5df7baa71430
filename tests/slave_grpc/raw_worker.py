"""The far end of the socket: a worker that says exactly what a test wants."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import google_crc32c
import grpc
import grpc.aio

from buildledger.events.ids import OperationId
from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb
from buildledger.grpc_protos.worker.v1 import worker_pb2_grpc

PATIENCE_SECONDS = 20.0
LIMITS = ("timeouts", "log_limit", "stop_policy", "unset_env", "shell_script")
FEATURES = ("merge_stderr", "file_operations", "secrets", "stdin", "blobs", *LIMITS)


OWN = "its own"
OWN_CONNECTION = [("grpc.use_local_subchannel_pool", 1)]


def own_credential(name: str) -> str:
    """What a worker shows unless a test says otherwise; bound to no key."""
    return f"credential of {name}"


OPEN: set["RawWorker"] = set()
"""Those that nobody has closed yet; see `conftest`."""


class RawWorker:
    """One stream of a worker; `instance_id` tells worker processes apart."""

    def __init__(
        self,
        port: int,
        name: str,
        *,
        credential: str | None = OWN,
        instance_id: str = "",
        metadata: list[tuple[str, str]] | None = None,
        tls: grpc.ChannelCredentials | None = None,
    ) -> None:
        """`metadata` stands for that of `credential`."""
        address = f"127.0.0.1:{port}"
        self._channel = (
            grpc.aio.insecure_channel(address) if tls is None else grpc.aio.secure_channel(address, tls, OWN_CONNECTION)
        )
        shown = own_credential(name) if credential == OWN else credential
        if metadata is None:
            metadata = [("authorization", f"Bearer {shown}")] if shown is not None else []
        self._call: Any = worker_pb2_grpc.WorkerStub(self._channel).Session(metadata=metadata)
        self.name = name
        self.instance_id = instance_id or str(uuid4())
        self._unread: deque[pb.Down] = deque()
        OPEN.add(self)

    async def hello(self, *runs: pb.RunSummary, proto: tuple[int, int] = (1, 1), **fields: Any) -> None:
        """Introduce itself."""
        hello = pb.Hello(
            proto_min=proto[0],
            proto_max=proto[1],
            name=self.name,
            boot_id="boot",
            instance_id=self.instance_id,
            os="linux",
            arch="x86_64",
            software="raw/1",
            capacity=2,
            features=fields.pop("features", FEATURES),
            runs=runs,
            **fields,
        )
        await self.say(pb.Up(hello=hello))

    async def connect(self, *runs: pb.RunSummary, **fields: Any) -> pb.Welcome:
        """Introduce itself and be welcomed."""
        await self.hello(*runs, **fields)
        return (await self.expect("welcome")).welcome

    async def say(self, up: pb.Up) -> None:
        """Send a message."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            await self._call.write(up)

    async def report(self, *events: pb.RunEvent) -> None:
        """Send events in one message."""
        await self.say(pb.Up(events=pb.RunEvents(events=events)))

    async def hear(self) -> pb.Down | None:
        """The next message; None at the end of the stream."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            down = await self._call.read()
        return None if down is grpc.aio.EOF else down

    async def expect(self, kind: str, where: Callable[[pb.Down], bool] = lambda down: True) -> pb.Down:
        """The next message of a kind (and of a property); messages before it are skipped."""
        while (down := await self.hear()) is not None:
            if down.WhichOneof("message") == kind and where(down):
                return down
        raise AssertionError(f"the stream ended without {kind}")

    async def expect_run(self, operation: OperationId, want: int = pb.WANT_RUN) -> pb.DesiredRun:
        """What the server wants of an operation, once it says that."""
        down = await self.expect(
            "desired", lambda d: any(r.run_id == str(operation) and r.want == want for r in d.desired.runs)
        )
        return next(run for run in down.desired.runs if run.run_id == str(operation))

    async def expect_ack(self, operation: OperationId, through: int) -> pb.Ack:
        """The acknowledgement of at least an event."""
        down = await self.expect(
            "progress",
            lambda d: any(a.run_id == str(operation) and a.through_event >= through for a in d.progress.acks),
        )
        return next(ack for ack in down.progress.acks if ack.run_id == str(operation))

    async def close(self) -> None:
        """Cut the connection without a word."""
        OPEN.discard(self)
        self._call.cancel()
        await self._channel.close()


class Script:
    """The events of one run, numbered as they are made."""

    def __init__(self, operation: OperationId, fence: int) -> None:
        self._run: dict[str, Any] = {"run_id": str(operation), "attempt": 1, "fence": fence}
        self._next = 1
        self._offsets: dict[str, int] = {}

    @classmethod
    def of(cls, operation: OperationId, desired: pb.DesiredRun) -> "Script":
        """For a run as the server wants it."""
        return cls(operation, desired.fence)

    def event(self, **event: Any) -> pb.RunEvent:
        """The next event."""
        made = pb.RunEvent(**self._run, event_no=self._next, **event)
        self._next += 1
        return made

    def accepted(self) -> pb.RunEvent:
        return self.event(accepted=pb.Accepted())

    def started(self) -> pb.RunEvent:
        return self.event(started=pb.Started(pid=1, mechanism="session"))

    def output(self, data: bytes, channel: str = "stdio") -> pb.RunEvent:
        offset = self._offsets.get(channel, 0)
        self._offsets[channel] = offset + len(data)
        crc = google_crc32c.value(data)
        return self.event(output=pb.Output(channel=channel, offset=offset, data=data, crc32c=crc))

    def exited(self, code: int = 0, **totals: pb.OutputTotal) -> pb.RunEvent:
        exited = pb.Exited(code=code, reason=pb.EXIT_REASON_COMPLETED)
        exited.output_totals.extend(
            pb.OutputTotal(channel=channel, bytes=size) for channel, size in self._offsets.items()
        )
        return self.event(exited=exited)

    def summary(self, acked_through: int, state: pb.RunState.ValueType = pb.RUN_STATE_RUNNING) -> pb.RunSummary:
        """The run in a hello."""
        return pb.RunSummary(
            **self._run,
            state=state,
            next_event=self._next,
            acked_through=acked_through,
            offsets=[pb.ChannelOffset(channel=channel, bytes=size) for channel, size in self._offsets.items()],
        )
