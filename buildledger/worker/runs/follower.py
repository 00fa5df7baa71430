"""Copies a supervisor's events and output into the journal of its attempt, in chunks of the server's size."""

import asyncio
import logging
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb
from buildledger.worker.journal.records import Kind, ProcessIdentity, record_of
from buildledger.worker.runs.attempt import Attempt, State
from buildledger.worker.runs.enum_mapping import level_named, reason_named
from buildledger.worker.supervision.event_reader import EventReader

# Chunks that are taken at once, before other runs have their turn.
_CHUNKS_AT_ONCE = 16

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Progress:
    """How far one channel has been copied."""

    position: int = 0
    """In the spool."""
    gaps: deque[tuple[int, int]] = field(default_factory=deque)
    """Position and length of what was left out and isn't told yet."""
    waiting_since: float | None = None
    """When bytes were seen that don't make a whole chunk."""


class Follower:
    """Reads a supervisor's directory from where the journal ends; a repeated event is journalled once."""

    def __init__(self, attempt: Attempt) -> None:
        self.root: ProcessIdentity | None = None
        """The command's own process, once it was started."""
        self.trouble = ""
        """What went wrong with the journal, for people."""
        self._attempt = attempt
        assert attempt.spool_reader is not None
        self._events = EventReader(attempt.directory.events)
        self._spool = attempt.spool_reader
        self._loop = asyncio.get_running_loop()
        self._relayed = 0
        self._channels = [_Progress() for _ in attempt.journal.header.channels]
        self._find_position()

    def poll(self, *, all_of_it: bool) -> bool:
        """Copy what is new: all of it, or only whole chunks and what is due; True if there is more already."""
        # First the ends: what was left out before them is told in events that are read after.
        ends = [self._spool.end(index, each.position) for index, each in enumerate(self._channels)]
        try:
            for event in self._events.new_events():
                self._relay(event)
            # All channels have their turn, whether or not there is more of the first.
            more = [self._carry(index, end, all_of_it=all_of_it) for index, end in enumerate(ends)]
        except OSError as error:
            self._storage_failed(error)
            return False
        return any(more)

    @property
    def due_seconds(self) -> float | None:
        """Seconds until output that doesn't fill a chunk is due; None if none is waiting."""
        waiting = [each.waiting_since for each in self._channels if each.waiting_since is not None]
        if not waiting:
            return None
        return max(0.0, min(waiting) + self._attempt.store.server_settings.flush_seconds - self._loop.time())

    def has_all(self, totals: list[dict[str, Any]]) -> bool:
        """Whether everything that the supervisor has spooled was carried over."""
        return not self.trouble and all(self._channels[each["channel"]].position == each["spooled"] for each in totals)

    def _relay(self, event: dict[str, Any]) -> None:
        """Journal an event, unless an earlier worker process has done so."""
        if gap := event.get("gap"):
            self._channels[gap["channel"]].gaps.append((gap["at"], gap["bytes"]))
            return
        is_new = False
        if "started" in event or "stopping" in event:
            self._relayed += 1
            is_new = self._relayed > self._attempt.journal.relayed
        if started := event.get("started"):
            self._take_started(started, is_new=is_new)
        elif stopping := event.get("stopping"):
            self._take_stopping(stopping, is_new=is_new)

    def _take_started(self, started: dict[str, Any], *, is_new: bool) -> None:
        self.root = ProcessIdentity(
            pid=started["pid"], started_ticks=started["started"], cgroup=started.get("cgroup") or None
        )
        if self._attempt.state < State.RUNNING:
            self._attempt.state = State.RUNNING
        if is_new:
            event = pb.Started(pid=started["pid"], mechanism=started.get("mechanism", ""))
            self._attempt.relay(pb.RunEvent(started=event), record_of(Kind.PROCESS, self.root.encode()))

    def _take_stopping(self, stopping: dict[str, Any], *, is_new: bool) -> None:
        level, reason = level_named(stopping["level"]), reason_named(stopping["reason"])
        self._attempt.state = State.STOPPING
        self._attempt.stop.note_made(reason, level)
        if is_new:
            self._attempt.relay(pb.RunEvent(stopping=pb.Stopping(level=level, reason=reason)))

    def _find_position(self) -> None:
        """Find where an earlier worker process left off: the journal has the offset, the events what was left out."""
        try:
            for event in self._events.new_events():
                self._relay(event)
        except OSError as error:
            self._storage_failed(error)
        for each, offset in zip(self._channels, self._attempt.journal.offsets, strict=True):
            left_out = 0
            while each.gaps and offset > each.gaps[0][0] + left_out:
                left_out += each.gaps.popleft()[1]
            each.position = offset - left_out

    def _carry(self, index: int, end: int, *, all_of_it: bool) -> bool:
        """Journal a channel's output up to `end`; True if there is more that need not wait."""
        each = self._channels[index]
        for _ in range(_CHUNKS_AT_ONCE):
            if self.trouble:
                return False
            if each.gaps and each.gaps[0][0] <= each.position:
                self._attempt.record_gap(index, self._attempt.journal.offsets[index] + each.gaps.popleft()[1])
                continue
            until = min(end, each.gaps[0][0]) if each.gaps else end
            size = min(until - each.position, self._attempt.store.server_settings.chunk_bytes)
            if size <= 0:
                each.waiting_since = None
                return False
            if until == end and not all_of_it and not self._is_due(each, size):
                return False
            self._attempt.record_spooled(index, each.position, self._spool.read(index, each.position, size))
            each.position += size
            each.waiting_since = None
        return True

    def _is_due(self, each: _Progress, size: int) -> bool:
        """Whether so many bytes make a chunk, or have waited long enough for others."""
        batching = self._attempt.store.server_settings
        if size >= batching.chunk_bytes:
            return True
        if each.waiting_since is None:
            each.waiting_since = self._loop.time()
        return self._loop.time() - each.waiting_since >= batching.flush_seconds

    def _storage_failed(self, error: OSError) -> None:
        """Nothing more can be kept: say so loudly and end the run."""
        if not self.trouble:
            self.trouble = f"the worker can't keep the output: {error.strerror or error}"
            _log.critical("run %s: %s", self._attempt.run_id, self.trouble)
            self._attempt.stop.make(pb.EXIT_REASON_STORAGE, pb.STOP_LEVEL_KILL)
