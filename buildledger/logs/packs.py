"""Pack files: where large chunks of all logs stand one after the other.

A pack is only ever appended to; how much of it counts is committed in the database together with the chunks that point
into it. So large chunks are written once, cost one fsync per batch however many logs they belong to, and a crash leaves
at most bytes behind the counted end, which the next append overwrites.
"""

import os
from pathlib import Path
from typing import BinaryIO

PACK_MAX_BYTES = 256 * 1024 * 1024
"""A pack that has grown beyond this is closed, and becomes one object to copy, move or delete."""

READERS_MAX = 8
"""Packs that one reader keeps open."""


def pack_path(directory: Path, pack: int) -> Path:
    """The file of pack number `pack` (counted from 1)."""
    return directory / f"{pack:08d}.pack"


class PackWriter:
    """Appends to the newest pack, beginning at the counted `end` of it."""

    def __init__(self, directory: Path, pack: int, end: int) -> None:
        self._directory = directory
        self._file: BinaryIO | None = None
        self.pack = pack
        self._committed = self._end = end
        directory.mkdir(parents=True, exist_ok=True)
        size = pack_path(directory, pack).stat().st_size if end else 0
        if size < end:
            raise OSError(f"{pack_path(directory, pack)} has {size} bytes where {end} were acknowledged")

    @property
    def end(self) -> int:
        """The offset in the pack at which the next chunk is written."""
        return self._end

    def write(self, data: bytes) -> int:
        """Append a chunk; returns where it stands in the pack. Not durable before `sync`."""
        if self._file is None or self._committed >= PACK_MAX_BYTES:
            self._file = self._open()
        at = self._end
        self._file.seek(at)
        written = self._file.write(data)
        if written != len(data):
            raise OSError(f"{self._file.name}: only {written} of {len(data)} bytes could be written")
        self._end += written
        return at

    def sync(self) -> bool:
        """Make what was written durable; returns whether there was anything."""
        if self._end == self._committed:
            return False
        assert self._file is not None
        os.fsync(self._file.fileno())
        return True

    def committed(self) -> None:
        """The database counts everything written so far."""
        self._committed = self._end

    def rollback(self) -> None:
        """Forget what was written since `committed`."""
        self._end = self._committed

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()

    def _open(self) -> BinaryIO:
        if self._committed >= PACK_MAX_BYTES:
            self.close()
            self.pack += 1
            self._committed = self._end = 0
        path = pack_path(self._directory, self.pack)
        is_new = not path.exists()
        file = path.open("w+b" if is_new else "r+b", buffering=0)
        if is_new:
            sync_directory(self._directory)
        return file


class PackReader:
    """Reads chunks out of packs; used by one thread at a time."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._files: dict[int, BinaryIO] = {}

    def read(self, pack: int, at: int, size: int) -> bytes:
        """The `size` bytes of a pack from `at` on."""
        file = self._files.get(pack)
        if file is None:
            if len(self._files) >= READERS_MAX:
                self._files.pop(next(iter(self._files))).close()
            file = self._files[pack] = pack_path(self._directory, pack).open("rb", buffering=0)
        file.seek(at)
        data = file.read(size)
        if len(data) != size:
            raise OSError(f"{file.name} ends within a chunk that begins at {at}")
        return data


def sync_directory(directory: Path) -> None:
    """Make a new file's name durable, where the system has that notion."""
    if os.name == "nt":
        return
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
