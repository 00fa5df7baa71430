"""What is sent and what is done with it, whatever carries it. Standard library only: the interpreters differ.

A chunk is `offset, sent_at, data`. The receiver stores chunks in order, makes them durable with one fsync for all that
have arrived meanwhile, and then acknowledges up to an offset. The sender keeps what isn't acknowledged, at most a
window of it, and after a reconnect goes on where it is told, or where it knows, that the receiver is.
"""

from __future__ import annotations

import json
import os
import struct
import time
from pathlib import Path

HEADER = struct.Struct("<QQ")
"""Offset, and the sender's monotonic clock in nanoseconds."""

WINDOW_BYTES = 8 * 1024 * 1024
EVENT_BYTES = 200
EVENTS_PER_SECOND = 1_000
EVENTS = 5_000
STREAM_BYTES = 500_000_000
CUT_BYTES = 120_000_000
CUT_BYTES_PER_SECOND = 20_000_000
RETRY_SECONDS = 0.25


class Store:
    """The receiving end: a file, how far it is durable, and how long each chunk took to be so."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("ab", buffering=0)
        self.end = self.durable = self._file.tell()
        self.repeated_bytes = 0
        self._waiting: list[int] = []
        self._latencies_ms: list[float] = []
        self._report = path.with_suffix(".json")

    def add(self, offset: int, sent_at: int, data: bytes) -> None:
        """Take a chunk; what is here already is only counted."""
        if offset > self.end:
            raise ValueError(f"a hole: {offset} after {self.end}")
        fresh = offset + len(data) - self.end
        self.repeated_bytes += len(data) - max(fresh, 0)
        if fresh > 0:
            self._file.write(data[len(data) - fresh :])
            self.end += fresh
            self._waiting.append(sent_at)

    def sync(self) -> int:
        """Make it durable; blocks. Returns up to where."""
        end, waiting = self.end, self._waiting
        self._waiting = []
        os.fsync(self._file.fileno())
        now = time.monotonic_ns()
        self._latencies_ms += [(now - sent_at) / 1e6 for sent_at in waiting]
        self.durable = end
        return end

    def report(self) -> None:
        """Leave the figures beside the file."""
        self._report.write_text(
            json.dumps({"repeated_bytes": self.repeated_bytes, **_spread("stored", self._latencies_ms)})
        )


class Outgoing:
    """The sending end: what comes next, and what is on its way."""

    def __init__(self, job: str, chunk_bytes: int) -> None:
        self.job = job
        self.total = {"events": EVENTS * EVENT_BYTES, "stream": STREAM_BYTES, "cut": CUT_BYTES, "idle": 0}[job]
        self._size = EVENT_BYTES if job == "events" else chunk_bytes
        self._data = os.urandom(self._size)
        self._began = time.monotonic()
        self._sent: list[tuple[int, int]] = []
        self._latencies_ms: list[float] = []
        self.next = self.acked = 0

    @property
    def done(self) -> bool:
        """Everything is acknowledged."""
        return self.acked >= self.total

    def pause(self) -> float:
        """Seconds until the next chunk is due; 0: at once."""
        if self.job == "stream":
            return 0.0
        pace = EVENTS_PER_SECOND * EVENT_BYTES if self.job == "events" else CUT_BYTES_PER_SECOND
        return max(self._began + self.next / pace - time.monotonic(), 0.0)

    @property
    def may_send(self) -> bool:
        """There is something left, and room for it on its way."""
        return self.next < self.total and self.next - self.acked < WINDOW_BYTES

    def take(self) -> bytes:
        """The next chunk with its header."""
        data = self._data[: self.total - self.next]
        sent_at = time.monotonic_ns()
        chunk = HEADER.pack(self.next, sent_at) + data
        self.next += len(data)
        self._sent.append((self.next, sent_at))
        return chunk

    def acknowledge(self, through: int) -> None:
        """Everything before `through` is safe."""
        now = time.monotonic_ns()
        self.acked = max(self.acked, through)
        kept = 0
        while kept < len(self._sent) and self._sent[kept][0] <= through:
            self._latencies_ms.append((now - self._sent[kept][1]) / 1e6)
            kept += 1
        del self._sent[:kept]

    def resume(self, offset: int) -> None:
        """Go on from here, on a fresh connection."""
        self.next = offset
        self.acked = max(self.acked, offset)
        self._sent.clear()

    def report(self) -> str:
        """The figures, for standard output."""
        return json.dumps({"seconds": time.monotonic() - self._began, **_spread("safe", self._latencies_ms)})


def unpack(chunk: bytes) -> tuple[int, int, bytes]:
    """Offset, time of sending, data."""
    offset, sent_at = HEADER.unpack_from(chunk)
    return offset, sent_at, chunk[HEADER.size :]


def _spread(name: str, latencies_ms: list[float]) -> dict[str, float]:
    if not latencies_ms:
        return {}
    ordered = sorted(latencies_ms)
    return {f"{name}_p50_ms": ordered[len(ordered) // 2], f"{name}_p99_ms": ordered[int(len(ordered) * 0.99)]}
