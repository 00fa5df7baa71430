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
