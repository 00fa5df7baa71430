"""The output that a supervisor keeps: files of one size for each channel, until the server has what is in them."""

import os
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path


class SpoolFiles:
    """Reads what a supervisor writes, and removes what nobody needs any more.

    A position counts the bytes of a channel from its beginning, those left out not counted.
    """

    def __init__(self, directory: Path, segment_bytes: int, remove: Callable[[Path], object]) -> None:
        """`remove` removes a file of megabytes, which takes the file system a while."""
        self._directory = directory
        self._segment_bytes = segment_bytes
        self._remove = remove
        self._oldest: dict[int, int] = defaultdict(int)
        self._find_oldest()

    def end(self, channel: int, known: int) -> int:
        """How much has been written, of which `known` bytes were found before."""
        number = known // self._segment_bytes
        while True:
            try:
                size = self._path(channel, number).stat().st_size
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
            part = self._read_segment(self._path(channel, number), offset, min(length, self._segment_bytes - offset))
            parts.append(part)
            position += len(part)
            length -= len(part)
        return b"".join(parts) if len(parts) > 1 else parts[0]

    def release(self, channel: int, position: int) -> None:
        """Remove the files in which everything lies before `position`."""
        for number in range(self._oldest[channel], position // self._segment_bytes):
            self._remove(self._path(channel, number))
            self._oldest[channel] = number + 1

    def is_released(self, channel: int, position: int) -> bool:
        """Whether the byte at `position` was removed, which is done only when the server has it."""
        return not self._path(channel, position // self._segment_bytes).exists()

    def _find_oldest(self) -> None:
        """What an earlier process removed isn't there."""
        numbers: dict[int, list[int]] = defaultdict(list)
        if self._directory.is_dir():
            for path in self._directory.iterdir():
                channel, _, number = path.name.partition(".")
                if channel.isdecimal() and number.isdecimal():
                    numbers[int(channel)].append(int(number))
        for each, found in numbers.items():
            self._oldest[each] = min(found)

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

    def _path(self, channel: int, number: int) -> Path:
        return self._directory / f"{channel}.{number:08d}"
