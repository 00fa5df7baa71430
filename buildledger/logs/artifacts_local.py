"""Artifacts in a directory of this machine."""

import contextlib
import hashlib
import math
import os
import threading
from collections.abc import Generator, Iterator
from functools import partial
from pathlib import Path
from uuid import uuid4

from buildledger.logs.artifacts import (
    READ_BYTES,
    ArtifactAlteredError,
    ArtifactError,
    OverQuotaError,
    StoredFile,
    Upload,
    UploadBusyError,
    WrongOffsetError,
    digest_of,
)
from buildledger.logs.artifacts_upload import LocalUpload
from buildledger.logs.elsewhere import NoOtherStores, OtherStores
from buildledger.logs.packs import sync_directory

BROUGHT_MAX = 100_000
"""Files of which it is remembered who has brought them: some 15 MB."""
CHECKED_MAX = 100_000
"""Files whose check is remembered: some 30 MB."""
_DIGEST_CHARACTERS = hashlib.sha256().digest_size * 2


class LocalArtifactStore:
    """Keeps files in `directory`, at most `total_bytes` of them; implements `ArtifactStore`. Thread-safe."""

    def __init__(self, directory: Path, total_bytes: int | None = None, others: OtherStores | None = None) -> None:
        """Files that aren't here are read where `others` have them, in directories of the same name."""
        self._directory = directory
        self._others = others or NoOtherStores()
        self._incoming = directory / "incoming"
        self._incoming.mkdir(parents=True, exist_ok=True)
        self._total_bytes = total_bytes
        self._busy: dict[Path, int] = {}
        """Uploads at work, with what they have announced."""
        self._used_bytes: int | None = None
        """None until somebody asks: it takes a walk through the directory."""
        self._lock = threading.RLock()
        self._brought: dict[str, str] = {}
        """Who has brought files that weren't here before, as long as nobody else has."""
        self._checked: dict[str, tuple[int, ...]] = {}
        """Which files had the right bytes, and when they had last been written to."""

    def has(self, sha256: str) -> bool:
        """See `ArtifactStore.has`."""
        return self.path(sha256).exists()

    def held_bytes(self, sha256: str, owner: str = "") -> int:
        """See `ArtifactStore.held_bytes`."""
        part = self._part(sha256, owner)
        return part.stat().st_size if part.exists() else 0

    def check_room(self, sha256: str, size_bytes: int) -> None:
        """See `ArtifactStore.check_room`."""
        if self._total_bytes is None or self._own_path(sha256).exists():
            return
        with self._lock:
            taken = self.used_bytes() + sum(self._busy.values())
        if taken + size_bytes > self._total_bytes:
            raise OverQuotaError(
                f"a file of {size_bytes} bytes finds no room: all artifacts may take {self._total_bytes} bytes, and"
                f" {taken} are taken"
            )

    def upload(self, sha256: str, size_bytes: int, offset: int, owner: str = "") -> Upload:
        """See `ArtifactStore.upload`."""
        part = self._part(sha256, owner)
        with self._lock:
            if part in self._busy:
                raise UploadBusyError(f"artifact {sha256} is being uploaded already")
            self.check_room(sha256, size_bytes)
            held = self.held_bytes(sha256, owner)
            if offset not in (0, held):
                raise WrongOffsetError(offset, held)
            adopt = partial(self._adopt, owner=owner)
            upload = LocalUpload(sha256, size_bytes, part, offset, adopt=adopt, free=self._free)
            self._busy[part] = size_bytes
            return upload

    def put(self, data: bytes) -> str:
        """See `ArtifactStore.put`."""
        sha256 = digest_of(data)
        part = self._incoming / f"{uuid4().hex}.put"
        try:
            with part.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            self._adopt(part, sha256, len(data))
        finally:
            part.unlink(missing_ok=True)
        return sha256

    def read(self, sha256: str, offset: int = 0) -> Generator[bytes]:
        """See `ArtifactStore.read`."""
        with self.path(sha256).open("rb") as file:
            file.seek(offset)
            while piece := file.read(READ_BYTES):
                yield piece

    def check(self, sha256: str) -> None:
        """See `ArtifactStore.check`."""
        with self.path(sha256).open("rb") as file:
            status = os.fstat(file.fileno())
            written = (status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
            if self._checked.get(sha256) == written:
                return
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if found != sha256:
            raise ArtifactAlteredError(sha256, found)
        with self._lock:
            if len(self._checked) >= CHECKED_MAX:
                self._checked.clear()
            self._checked[sha256] = written

    def size_bytes(self, sha256: str) -> int:
        """See `ArtifactStore.size_bytes`."""
        return self.path(sha256).stat().st_size

    def used_bytes(self) -> int:
        """See `ArtifactStore.used_bytes`."""
        with self._lock:
            if self._used_bytes is None:
                self._used_bytes = sum(file.size_bytes for file in self.files())
            return self._used_bytes

    def files(self) -> Iterator[StoredFile]:
        """See `ArtifactStore.files`."""
        for path in self._directory.glob("[0-9a-f][0-9a-f]/*"):
            with contextlib.suppress(FileNotFoundError):
                status = path.stat()
                yield StoredFile(sha256=path.name, size_bytes=status.st_size, stored_at=status.st_mtime)

    def remove(self, sha256: str, stored_before: float) -> int:
        """See `ArtifactStore.remove`."""
        path = self._own_path(sha256)
        with self._lock:
            try:
                status = path.stat()
            except FileNotFoundError:
                return 0
            if status.st_mtime >= stored_before:
                return 0
            path.unlink()
            if self._used_bytes is not None:
                self._used_bytes -= status.st_size
            return status.st_size

    def withdraw(self, owner: str, sha256: str) -> int:
        """See `ArtifactStore.withdraw`."""
        with self._lock:
            if not owner or self._brought.get(sha256) != owner:
                return 0
            del self._brought[sha256]
            return self.remove(sha256, math.inf)

    def note_received(self, owner: str, sha256: str, size_bytes: int) -> None:
        """See `ArtifactStore.note_received`."""
        with self._received(owner).open("ab", buffering=0) as file:
            file.write(f"{sha256} {size_bytes}\n".encode())

    def received(self, owner: str) -> dict[str, int]:
        """See `ArtifactStore.received`."""
        try:
            lines = self._received(owner).read_text(errors="replace").splitlines()
        except FileNotFoundError:
            return {}
        found = (line.partition(" ") for line in lines)
        return {sha256: int(size) for sha256, _, size in found if len(sha256) == _DIGEST_CHARACTERS and size.isdigit()}

    def forget_received(self, owner: str) -> None:
        """See `ArtifactStore.forget_received`."""
        self._received(owner).unlink(missing_ok=True)

    def forget_uploads(self, touched_before: float) -> None:
        """See `ArtifactStore.forget_uploads`."""
        for path in self._incoming.iterdir():
            with self._lock, contextlib.suppress(FileNotFoundError):
                if path not in self._busy and path.stat().st_mtime < touched_before:
                    path.unlink()

    def path(self, sha256: str) -> Path:
        """Where a whole file stands, here or at another server; where it would stand if it is nowhere."""
        own = self._own_path(sha256)
        if not own.exists():
            for state in self._others.readable():
                there = state / self._directory.name / sha256[:2] / sha256
                if there.exists():
                    return there
        return own

    def _own_path(self, sha256: str) -> Path:
        if len(sha256) != _DIGEST_CHARACTERS or not sha256.isalnum():
            raise ArtifactError(f"{sha256!r} is not a SHA-256 in hexadecimal")
        return self._directory / sha256[:2] / sha256

    def _adopt(self, part: Path, sha256: str, size_bytes: int, owner: str = "") -> None:
        """Give a file that is durable its name, in one step."""
        path = self._own_path(sha256)
        with self._lock:
            path.parent.mkdir(exist_ok=True)
            self._note_brought(owner, sha256, is_new=not path.exists())
            if self._used_bytes is not None and not path.exists():
                self._used_bytes += size_bytes
            os.utime(part)
            part.replace(path)
        sync_directory(path.parent)

    def _note_brought(self, owner: str, sha256: str, *, is_new: bool) -> None:
        if is_new and owner:
            if len(self._brought) >= BROUGHT_MAX:
                self._brought.clear()
            self._brought[sha256] = owner
        elif self._brought.get(sha256) != owner:
            self._brought.pop(sha256, None)

    def _free(self, part: Path) -> None:
        """Let another upload of the same file begin."""
        with self._lock:
            self._busy.pop(part, None)

    def _received(self, owner: str) -> Path:
        return self._incoming / f"{owner}.received"

    def _part(self, sha256: str, owner: str) -> Path:
        self._own_path(sha256)
        return self._incoming / (f"{owner}.{sha256}.part" if owner else f"{sha256}.part")
