"""An upload to a directory of this machine, from its first byte to the whole file."""

import hashlib
import os
from collections.abc import Callable
from io import FileIO
from pathlib import Path

from buildledger.logs.artifacts import IncompleteUploadError, WrongDigestError

_HASH_BYTES = 1024 * 1024


class LocalUpload:
    """An upload that writes to a file in the incoming directory; see `Upload`."""

    def __init__(
        self,
        sha256: str,
        size_bytes: int,
        part: Path,
        offset: int,
        *,
        adopt: Callable[[Path, str, int], object],
        free: Callable[[Path], object],
    ) -> None:
        """Go on at `offset` of the file `part`. `adopt` takes it when it is whole, `free` is called at the end."""
        self._adopt = adopt
        self._free = free
        self._sha256 = sha256
        self._size_bytes = size_bytes
        self._part = part
        self._hasher = hashlib.sha256()
        self._held_bytes = offset
        # Unbuffered: what a full disk doesn't take is told at once, and not once more when the file is closed.
        self._file: FileIO | None = part.open("r+b" if offset else "w+b", buffering=0)
        while offset and (piece := self._file.read(_HASH_BYTES)):
            self._hasher.update(piece)

    def write(self, data: bytes) -> None:
        """See `Upload.write`."""
        assert self._file is not None
        if self._held_bytes + len(data) > self._size_bytes:
            self._discard()
            raise WrongDigestError(f"it has grown meanwhile: more than the announced {self._size_bytes} bytes came")
        rest = memoryview(data)
        while rest:
            written = self._file.write(rest)
            self._hasher.update(rest[:written])
            self._held_bytes += written
            rest = rest[written:]

    def finish(self) -> None:
        """See `Upload.finish`."""
        assert self._file is not None
        if self._held_bytes < self._size_bytes:
            raise IncompleteUploadError(f"{self._held_bytes} of {self._size_bytes} bytes have come")
        if self._hasher.hexdigest() != self._sha256:
            self._discard()
            raise WrongDigestError("it has changed meanwhile: what came isn't what was announced")
        os.fsync(self._file.fileno())
        self._adopt(self._part, self._sha256, self._size_bytes)
        self.close()

    def close(self) -> None:
        """See `Upload.close`."""
        if self._file is not None:
            file, self._file = self._file, None
            try:
                file.close()
            finally:
                self._free(self._part)

    def _discard(self) -> None:
        self.close()
        self._part.unlink(missing_ok=True)
