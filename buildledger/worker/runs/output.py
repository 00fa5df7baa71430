"""Reads the output of a process, masks it, and divides it into chunks."""

import asyncio
import contextlib
import errno
import fcntl
import hashlib
import os
from collections.abc import Callable

from buildledger.worker.masking.masker import Masker
from buildledger.worker.runs.server_settings import ServerSettings

# Large enough that a busy writer and this reader don't wait for each other at each buffer.
_LARGE_PIPE_BYTES = 1 << 20
_BUSY_READ_BYTES = 1 << 16


class Channel:
    """One named stream of output.

    Bytes wait until a whole chunk is there or `flush_seconds` have passed; `emit` gets each chunk with the channel's
    index.
    """

    def __init__(
        self, index: int, name: str, masker: Masker | None, emit: Callable[[int, bytes], None], settings: ServerSettings
    ) -> None:
        self.name = name
        self._index = index
        self._masker = masker
        self._emit = emit
        self._settings = settings
        self._digest = hashlib.sha256()
        self._pending: list[bytes] = []
        self._pending_bytes = 0
        self._flush: asyncio.TimerHandle | None = None

    @property
    def sha256(self) -> bytes:
        """Digest of all chunks so far."""
        return self._digest.digest()

    def count(self, data: bytes) -> None:
        """Add bytes that were recorded to the digest."""
        self._digest.update(data)

    def feed(self, data: bytes) -> None:
        """Process bytes that the command wrote."""
        if self._masker is not None:
            data = self._masker.feed(data)
        if not data:
            return
        chunk = self._settings.chunk_bytes
        if not self._pending and len(data) == chunk:
            self._emit(self._index, data)
            return
        self._pending.append(data)
        self._pending_bytes += len(data)
        if self._pending_bytes >= chunk:
            self._drain(whole_chunks_only=True)
        if self._pending and self._flush is None:
            self._flush = asyncio.get_running_loop().call_later(self._settings.flush_seconds, self._flush_due)

    def finish(self) -> None:
        """Emit all that is left: nothing more will come."""
        if self._masker is not None and (rest := self._masker.finish()):
            self._pending.append(rest)
        self._drain(whole_chunks_only=False)

    def _flush_due(self) -> None:
        self._flush = None
        self._drain(whole_chunks_only=False)

    def _drain(self, *, whole_chunks_only: bool) -> None:
        if self._flush is not None:
            self._flush.cancel()
            self._flush = None
        data = b"".join(self._pending)
        chunk = self._settings.chunk_bytes
        end = len(data) - len(data) % chunk if whole_chunks_only else len(data)
        for start in range(0, end, chunk):
            self._emit(self._index, data[start : min(start + chunk, end)])
        rest = data[end:]
        self._pending = [rest] if rest else []
        self._pending_bytes = len(rest)


class PipeReader:
    """Reads a descriptor as bytes come, and can be held so that the writer blocks."""

    def __init__(self, descriptor: int, read_bytes: int, feed: Callable[[bytes], None]) -> None:
        self.ended = asyncio.Event()
        self._descriptor = descriptor
        self._read_bytes = read_bytes
        self._feed = feed
        self._paused = False
        self._enlarged = False
        asyncio.get_running_loop().add_reader(descriptor, self._readable)

    @property
    def is_paused(self) -> bool:
        """Whether reading is suspended and there may be more to read."""
        return self._paused and not self.ended.is_set()

    def pause(self) -> None:
        """Stop reading."""
        if not self._paused and not self.ended.is_set():
            self._paused = True
            asyncio.get_running_loop().remove_reader(self._descriptor)

    def resume(self) -> None:
        """Go on reading."""
        if self._paused and not self.ended.is_set():
            self._paused = False
            asyncio.get_running_loop().add_reader(self._descriptor, self._readable)

    def close(self) -> None:
        """Stop for good; what is in the pipe is left there."""
        if not self.ended.is_set():
            asyncio.get_running_loop().remove_reader(self._descriptor)
            os.close(self._descriptor)
            self.ended.set()

    def _readable(self) -> None:
        try:
            data = os.read(self._descriptor, self._read_bytes)
        except BlockingIOError:
            return
        except OSError as error:
            # A pseudo terminal says so when its last user has gone.
            if error.errno != errno.EIO:
                raise
            data = b""
        if not data:
            self.close()
            return
        if not self._enlarged and len(data) >= _BUSY_READ_BYTES:
            self._enlarged = True
            with contextlib.suppress(OSError):
                fcntl.fcntl(self._descriptor, fcntl.F_SETPIPE_SZ, _LARGE_PIPE_BYTES)
        self._feed(data)
