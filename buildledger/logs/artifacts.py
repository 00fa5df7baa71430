"""Files that builds leave behind, named by the SHA-256 of their bytes; an upload that broke off is resumed.

The port is small enough for object storage: ask, write parts, finish, read. Methods block; call them in threads.
"""

import hashlib
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Protocol

from buildledger.logs.packs import sync_directory

READ_BYTES = 240 * 1024
_HASH_BYTES = 1024 * 1024


class ArtifactError(Exception):
    """An artifact can't be stored or read as was asked."""


class WrongOffsetError(ArtifactError):
    """An upload goes on elsewhere than where it stands."""

    def __init__(self, offset: int, held_bytes: int) -> None:
        super().__init__(f"the upload stands at byte {held_bytes}, not at {offset}")
        self.held_bytes = held_bytes


class WrongDigestError(ArtifactError):
    """The bytes that came aren't those that were announced; nothing of them is kept."""


class IncompleteUploadError(ArtifactError):
    """An upload ended before all bytes had come; what came is kept for the next try."""


class UploadBusyError(ArtifactError):
    """The same file is being uploaded at the moment; try again later."""


class Upload(Protocol):
    """One file on its way in. Either `finish` or `close` ends it; after `close` it can be resumed."""

    def write(self, data: bytes) -> None:
        """Append bytes.

        Raises: WrongDigestError if they are more than was announced; OSError for a full disk.
        """
        ...

    def finish(self) -> None:
        """Verify the digest and make the file durable under its name.

        Raises: IncompleteUploadError, WrongDigestError, OSError.
        """
        ...

    def close(self) -> None:
        """Let go of it; what was written stays for the next try. After `finish` it does nothing."""
        ...


class ArtifactStore(Protocol):
    """A place for files, by the SHA-256 of their bytes in hexadecimal."""

    def has(self, sha256: str) -> bool:
        """Whether the whole file is here."""
        ...

    def held_bytes(self, sha256: str) -> int:
        """How much of an upload that has not finished is here."""
        ...

    def upload(self, sha256: str, size_bytes: int, offset: int) -> Upload:
        """Begin an upload (`offset` 0) or go on with one.

        Raises: WrongOffsetError, UploadBusyError, OSError.
        """
        ...

    def read(self, sha256: str, offset: int = 0) -> Iterator[bytes]:
        """The file's bytes from `offset` on, in pieces.

        Raises: FileNotFoundError.
        """
        ...


class LocalArtifactStore:
    """Keeps files in `directory`; implements `ArtifactStore`. Thread-safe."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._incoming = directory / "incoming"
        self._incoming.mkdir(parents=True, exist_ok=True)
        self._busy: set[str] = set()
        self._lock = threading.Lock()

    def has(self, sha256: str) -> bool:
        """See `ArtifactStore.has`."""
        return self.path(sha256).exists()

    def held_bytes(self, sha256: str) -> int:
        """See `ArtifactStore.held_bytes`."""
        part = self._part(sha256)
        return part.stat().st_size if part.exists() else 0

    def upload(self, sha256: str, size_bytes: int, offset: int) -> Upload:
        """See `ArtifactStore.upload`."""
        with self._lock:
            if sha256 in self._busy:
                raise UploadBusyError(f"artifact {sha256} is being uploaded already")
            held = self.held_bytes(sha256)
            if offset not in (0, held):
                raise WrongOffsetError(offset, held)
            upload = _LocalUpload(self, sha256, size_bytes, self._part(sha256), offset)
            self._busy.add(sha256)
            return upload

    def read(self, sha256: str, offset: int = 0) -> Iterator[bytes]:
        """See `ArtifactStore.read`."""
        with self.path(sha256).open("rb") as file:
            file.seek(offset)
            while piece := file.read(READ_BYTES):
                yield piece

    def path(self, sha256: str) -> Path:
        """Where a whole file stands, for those who serve files by name."""
        if len(sha256) != hashlib.sha256().digest_size * 2 or not sha256.isalnum():
            raise ArtifactError(f"{sha256!r} is not a SHA-256 in hexadecimal")
        return self._directory / sha256[:2] / sha256

    def free(self, sha256: str) -> None:
        """An upload has ended."""
        with self._lock:
            self._busy.discard(sha256)

    def _part(self, sha256: str) -> Path:
        return self._incoming / f"{sha256}.part"


class _LocalUpload:
    """A file in the incoming directory."""

    def __init__(self, store: LocalArtifactStore, sha256: str, size_bytes: int, part: Path, offset: int) -> None:
        self._store = store
        self._sha256 = sha256
        self._size_bytes = size_bytes
        self._part = part
        self._hasher = hashlib.sha256()
        self._held_bytes = offset
        self._file: BinaryIO | None = part.open("r+b" if offset else "w+b")
        while offset and (piece := self._file.read(_HASH_BYTES)):
            self._hasher.update(piece)

    def write(self, data: bytes) -> None:
        """See `Upload.write`."""
        assert self._file is not None
        if self._held_bytes + len(data) > self._size_bytes:
            self._discard()
            raise WrongDigestError(f"more than the announced {self._size_bytes} bytes were sent")
        self._file.write(data)
        self._hasher.update(data)
        self._held_bytes += len(data)

    def finish(self) -> None:
        """See `Upload.finish`."""
        assert self._file is not None
        if self._held_bytes < self._size_bytes:
            raise IncompleteUploadError(f"{self._held_bytes} of {self._size_bytes} bytes have come")
        if self._hasher.hexdigest() != self._sha256:
            self._discard()
            raise WrongDigestError(f"what was sent is not artifact {self._sha256}")
        self._file.flush()
        os.fsync(self._file.fileno())
        path = self._store.path(self._sha256)
        path.parent.mkdir(exist_ok=True)
        self._part.replace(path)
        sync_directory(path.parent)
        self.close()

    def close(self) -> None:
        """See `Upload.close`."""
        if self._file is not None:
            file, self._file = self._file, None
            try:
                file.close()
            finally:
                self._store.free(self._sha256)

    def _discard(self) -> None:
        self.close()
        self._part.unlink(missing_ok=True)
