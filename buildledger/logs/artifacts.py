"""Files that builds leave behind, named by the SHA-256 of their bytes; an upload that broke off is resumed.

The port is small enough for object storage: ask, write parts, finish, read, remove. Methods block; call them in
threads.
"""

import hashlib
from collections.abc import Generator, Iterator
from typing import Protocol

import msgspec

READ_BYTES = 240 * 1024


class ArtifactLimits(msgspec.Struct, frozen=True, kw_only=True):
    """How much may be kept; each is a number of bytes."""

    file_bytes: int = 16 << 30
    """One file."""
    build_bytes: int = 64 << 30
    """All that one build leaves."""
    total_bytes: int | None = None
    """All builds together, every distinct file counted once; None: what the disk holds."""


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


class OverQuotaError(ArtifactError):
    """There is no room for the file within the limits; the text names the limit."""


class ArtifactAlteredError(ArtifactError):
    """The bytes of a file are no longer those of its name."""

    def __init__(self, sha256: str, found: str) -> None:
        super().__init__(f"the bytes of artifact {sha256} have been altered: their digest is {found}")


class StoredFile(msgspec.Struct, frozen=True, kw_only=True):
    """A whole file of the store."""

    sha256: str
    size_bytes: int
    stored_at: float
    """When it was stored last, in seconds since 1970."""


class Upload(Protocol):
    """One file on its way in. Either `finish` or `close` ends it; after `close` it can be resumed."""

    def write(self, data: bytes) -> None:
        """Append bytes.

        Raises:
            WrongDigestError: If they are more than was announced.
            OSError: For a full disk.
        """
        ...

    def finish(self) -> None:
        """Verify the digest and make the file durable under its name.

        Raises:
            IncompleteUploadError
            WrongDigestError
            OSError
        """
        ...

    def close(self) -> None:
        """Let go of it; what was written stays for the next try. After `finish` it does nothing."""
        ...


class ArtifactStore(Protocol):
    """A place for files, by the SHA-256 of their bytes in hexadecimal.

    Uploads have an owner: what one has sent of a file is no start for another, who may know no more than its digest.
    """

    def has(self, sha256: str) -> bool:
        """Whether the whole file is here."""
        ...

    def held_bytes(self, sha256: str, owner: str = "") -> int:
        """How much of the owner's upload that has not finished is here."""
        ...

    def check_room(self, sha256: str, size_bytes: int) -> None:
        """Refuse a file for which there is no room.

        Raises:
            OverQuotaError: It doesn't fit beside the files here and those on their way.
        """
        ...

    def upload(self, sha256: str, size_bytes: int, offset: int, owner: str = "") -> Upload:
        """Begin an upload (`offset` 0) or go on with one. The file may be here already; its bytes are verified again.

        Raises:
            WrongOffsetError
            UploadBusyError
            OverQuotaError
            OSError
        """
        ...

    def put(self, data: bytes) -> str:
        """Keep a small file of the server's own, outside of the quota; returns its SHA-256.

        Raises:
            OSError
        """
        ...

    def read(self, sha256: str, offset: int = 0) -> Generator[bytes]:
        """The file's bytes from `offset` on, in pieces; close it, unless it is read to its end.

        Raises:
            FileNotFoundError
        """
        ...

    def check(self, sha256: str) -> None:
        """Make sure that a file has the bytes of its name; it is read once, and again when it was written to.

        Raises:
            FileNotFoundError
            ArtifactAlteredError
        """
        ...

    def size_bytes(self, sha256: str) -> int:
        """The size of a whole file.

        Raises:
            FileNotFoundError
        """
        ...

    def used_bytes(self) -> int:
        """What all files take together."""
        ...

    def files(self) -> Iterator[StoredFile]:
        """All whole files, in no order; one that is stored or removed meanwhile may be among them or not."""
        ...

    def remove(self, sha256: str, stored_before: float) -> int:
        """Remove a file unless it was stored (again) at or after that time; returns how many bytes that freed."""
        ...

    def withdraw(self, owner: str, sha256: str) -> int:
        """Remove a file that nobody but the owner has brought since this store was opened, and that wasn't here before.

        Returns how many bytes that freed: 0 if the file stays.

        Raises:
            OSError
        """
        ...

    def note_received(self, owner: str, sha256: str, size_bytes: int) -> None:
        """Remember over a restart that the owner has sent a whole file. A crash of the machine may undo it.

        Raises:
            OSError
        """
        ...

    def received(self, owner: str) -> dict[str, int]:
        """The sizes of the files that the owner has sent, by SHA-256."""
        ...

    def forget_received(self, owner: str) -> None:
        """Forget what the owner has sent; the files stay."""
        ...

    def forget_uploads(self, touched_before: float) -> None:
        """Remove what is left of uploads that nobody has gone on with since that time."""
        ...


def digest_of(data: bytes) -> str:
    """The name of a file with these bytes."""
    return hashlib.sha256(data).hexdigest()


def read_whole(artifacts: ArtifactStore, sha256: str) -> bytes:
    """All bytes of a file that is known to be small.

    Raises:
        FileNotFoundError
        ArtifactAlteredError
    """
    data = b"".join(artifacts.read(sha256))
    if (found := digest_of(data)) != sha256:
        raise ArtifactAlteredError(sha256, found)
    return data
