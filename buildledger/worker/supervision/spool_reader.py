"""Reads back the output that a supervisor has written to disk."""

import os
from pathlib import Path

from buildledger.worker.supervision.segments import segment_path


class SpoolReader:
    """Reads the output of one supervised command from its segments, files of equal size.

    A position counts the bytes of a channel from its beginning, those left out not counted.
    """

    def __init__(self, directory: Path, segment_bytes: int) -> None:
        self._directory = directory
        self._segment_bytes = segment_bytes

    def end(self, channel: int, known: int) -> int:
        """How much has been written, of which `known` bytes were found before."""
        number = known // self._segment_bytes
        while True:
            try:
                size = segment_path(self._directory, channel, number).stat().st_size
            except FileNotFoundError:
                return number * self._segment_bytes
            if size < self._segment_bytes:
                return number * self._segment_bytes + size
            number += 1

    def read(self, channel: int, position: int, length: int) -> bytes:
        """Bytes that were written.

        Raises:
            OSError: they can't be read (any more).
        """
        parts: list[bytes] = []
        while length:
            number, offset = divmod(position, self._segment_bytes)
            part = self._read_segment(
                segment_path(self._directory, channel, number), offset, min(length, self._segment_bytes - offset)
            )
            parts.append(part)
            position += len(part)
            length -= len(part)
        return b"".join(parts) if len(parts) > 1 else parts[0]

    @staticmethod
    def _read_segment(path: Path, offset: int, length: int) -> bytes:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            part = os.pread(descriptor, length, offset)
        finally:
            os.close(descriptor)
        if not part:
            raise OSError(f"spooled output in {path.name} is shorter than it was")
        return part
