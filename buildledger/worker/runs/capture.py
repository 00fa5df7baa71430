"""Reads what a command writes to its pipes and watched files, and records it."""

import asyncio
from collections.abc import Callable, Sequence
from functools import partial

from buildledger.worker.runs.attempt import Attempt
from buildledger.worker.runs.output import Channel, PipeReader
from buildledger.worker.runs.plan import Plan
from buildledger.worker.runs.recording import Recording
from buildledger.worker.runs.watch import WatchedFile, watch


class Capture:
    """All output of one command. Closes the descriptors it is given."""

    def __init__(self, attempt: Attempt, plan: Plan, outputs: list[int], files: Sequence[WatchedFile]) -> None:
        self._attempt = attempt
        self._loop = asyncio.get_running_loop()
        self.recording = Recording(attempt, plan, self._pause)
        self.last_output_at = 0.0
        """When something was written last, on the loop's clock; 0 if nothing was."""
        channels, chunk_bytes = self.recording.channels, attempt.store.server_settings.chunk_bytes
        self._readers = [
            PipeReader(descriptor, chunk_bytes, self._feeder(channel))
            for descriptor, channel in zip(outputs, channels, strict=False)
        ]
        self._files = files
        self._polls = [
            partial(file.poll, self._feeder(channel))
            for file, channel in zip(files, channels[len(outputs) :], strict=True)
        ]
        self._watching = asyncio.create_task(watch(self._polls, lambda: self._blocked)) if files else None
        self._blocked = False

    @property
    def is_blocked(self) -> bool:
        """Whether the command can't write because there is no room for its output."""
        return self._blocked

    async def wait_for_end(self, limit_seconds: float) -> None:
        """Wait until all pipes have ended, at most for the limit, not counting the time when there is no room."""
        while open_readers := [reader for reader in self._readers if not reader.ended.is_set()]:
            ends = [asyncio.ensure_future(reader.ended.wait()) for reader in open_readers]
            _, waiting = await asyncio.wait(ends, timeout=limit_seconds)
            for task in waiting:
                task.cancel()
            if not self._blocked:
                break

    def finish(self) -> None:
        """Close the pipes and journal all that is left."""
        for poll in self._polls:
            poll()
        self.close()
        self.recording.finish()

    def close(self) -> None:
        """Close the pipes and files; unread output in them is lost."""
        for reader in self._readers:
            reader.close()
        if self._watching is not None:
            self._watching.cancel()
        for file in self._files:
            file.close()

    def _feeder(self, channel: Channel) -> Callable[[bytes], None]:
        """A function that feeds a channel and remembers the time."""

        def feed(data: bytes) -> None:
            self.last_output_at = self._loop.time()
            channel.feed(data)

        return feed

    def _pause(self) -> None:
        if not self._blocked:
            self._blocked = True
            for reader in self._readers:
                reader.pause()
            self._attempt.store.spool.on_free(self._resume)

    def _resume(self) -> None:
        self._blocked = False
        for reader in self._readers:
            reader.resume()
