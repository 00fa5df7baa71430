"""One stream as the scripted server sees it: what came, and whether it kept the promises of every stream."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb

LARGEST_MESSAGE_BYTES = 256 << 10
Sent = pb.Down | bytes | None


class SessionRecord:
    """A stream that got as far as Hello."""

    def __init__(self, number: int, proxy: str, metadata: dict[str, str], hello: pb.Hello, at: float) -> None:
        self.number = number
        self.proxy = proxy
        self.metadata = metadata
        self.hello = hello
        self.at = at
        self.epoch = 0
        self.revision = 0
        self.heartbeats: list[pb.Heartbeat] = []
        self.drain_requests: list[pb.DrainRequest] = []
        self.goodbye: pb.Goodbye | None = None
        self.ended_at: float | None = None
        self.down: asyncio.Queue[Sent] = asyncio.Queue()
        """What is to be sent; None ends the stream."""

    @property
    def is_open(self) -> bool:
        """Whether the server still hears and speaks on it."""
        return self.ended_at is None

    def check(self, message: pb.Up, violation: Callable[[str], None]) -> None:
        """Find what is wrong with a message, apart from its events."""
        if message.ByteSize() > LARGEST_MESSAGE_BYTES:
            violation(f"a message has {message.ByteSize()} bytes, more than {LARGEST_MESSAGE_BYTES}")
        if self.goodbye is not None:
            violation(f"{message.WhichOneof('message')} came after Goodbye")
        match message.WhichOneof("message"):
            case "hello":
                violation("Hello came twice on one stream")
            case "heartbeat":
                if message.heartbeat.n != len(self.heartbeats) + 1:
                    violation(f"heartbeat {message.heartbeat.n} came instead of {len(self.heartbeats) + 1}")
            case None:
                violation("a message came that says nothing, or nothing that version 1 knows")


def hello_violations(hello: pb.Hello, name: str) -> list[str]:
    """What no Hello may lack, whatever the case."""
    found = []
    if hello.name != name:
        found.append(f"Hello.name is {hello.name!r}, but the worker was told to be {name!r}")
    if not hello.proto_min <= hello.proto_max or hello.proto_min == 0:
        found.append(f"Hello speaks versions {hello.proto_min} to {hello.proto_max}")
    if len(set(hello.features)) != len(hello.features):
        found.append("Hello.features names a feature twice")
    if hello.HasField("limits") and hello.limits.message_bytes < 1 << 20:
        found.append(f"Hello.limits.message_bytes is {hello.limits.message_bytes}, less than 1 MiB")
    for run in hello.runs:
        if run.state in (pb.RUN_STATE_UNSPECIFIED, pb.RUN_STATE_NEW, pb.RUN_STATE_RELEASED):
            found.append(f"Hello tells of a run in state {run.state}")
        if run.next_event <= run.acked_through:
            found.append(
                f"Hello tells of a run with next_event {run.next_event} after acked_through {run.acked_through}"
            )
    return found
