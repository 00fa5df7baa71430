"""SHA-256 of logs while they grow, so that finishing one needn't read it again."""

import hashlib
from collections import OrderedDict
from collections.abc import Sequence
from uuid import UUID

HASHERS_MAX = 20_000
"""Running digests kept in memory; a log whose digest was dropped is read once more when it finishes."""


class RunningDigests:
    """What is known of logs that are open. A batch works on copies, which count once it is durable."""

    def __init__(self) -> None:
        self._durable: OrderedDict[UUID, tuple[int, hashlib._Hash]] = OrderedDict()
        self._batch: dict[UUID, tuple[int, hashlib._Hash]] = {}

    def begin(self) -> None:
        """Start a batch, forgetting one that wasn't committed."""
        self._batch = {}

    def extend(self, log_id: UUID, from_byte: int, pieces: Sequence[bytes]) -> None:
        """Take in the bytes that follow `from_byte`; a log that isn't known up to there stays unknown."""
        size, hasher = self._running(log_id)
        if size == from_byte:
            hasher = hasher.copy()
            for piece in pieces:
                hasher.update(piece)
                size += len(piece)
            self._batch[log_id] = (size, hasher)

    def digest(self, log_id: UUID, size_bytes: int) -> bytes | None:
        """The digest of a log of that size, if it is known."""
        size, hasher = self._running(log_id)
        return hasher.digest() if size == size_bytes else None

    def commit(self) -> None:
        """Keep the digests of a batch that is durable."""
        for log_id, running in self._batch.items():
            self._durable[log_id] = running
            self._durable.move_to_end(log_id)
        while len(self._durable) > HASHERS_MAX:
            self._durable.popitem(last=False)

    def drop(self, log_id: UUID) -> None:
        """Forget the digest of a log that is finished."""
        self._durable.pop(log_id, None)

    def _running(self, log_id: UUID) -> tuple[int, "hashlib._Hash"]:
        return self._batch.get(log_id) or self._durable.get(log_id) or (0, hashlib.sha256())
