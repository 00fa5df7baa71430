"""Deletes output of a supervised command that the server has acknowledged."""

from collections.abc import Callable
from pathlib import Path

from buildledger.worker.supervision.segments import oldest_segments, segment_path


class SegmentReclaimer:
    """Deletes the segments of one spool from the oldest on."""

    def __init__(self, directory: Path, segment_bytes: int, remove: Callable[[Path], object]) -> None:
        """`remove` deletes a file of megabytes, which takes the file system a while."""
        self._directory = directory
        self._segment_bytes = segment_bytes
        self._remove = remove
        self._oldest = oldest_segments(directory)

    def reclaim(self, channel: int, position: int) -> None:
        """Delete the segments in which every byte lies before `position`."""
        for number in range(self._oldest.get(channel, 0), position // self._segment_bytes):
            self._remove(segment_path(self._directory, channel, number))
            self._oldest[channel] = number + 1

    def is_reclaimed(self, channel: int, position: int) -> bool:
        """Whether the byte at `position` was deleted, which is done only after the server has acknowledged it."""
        return not segment_path(self._directory, channel, position // self._segment_bytes).exists()
