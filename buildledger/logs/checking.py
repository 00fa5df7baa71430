"""Which logs were read to their end and are what their facts say, so that each later read of a part can be compared."""

import hashlib
import threading
from collections import OrderedDict
from uuid import UUID

PARTS_MAX = 100_000
"""Digests of chunks that are remembered, of the logs that were read last: some 10 MB."""
PART_DIGEST_BYTES = 16


class CheckedLogs:
    """Remembers digests of the chunks of logs whose own digest was checked. Thread-safe."""

    def __init__(self, parts_max: int = PARTS_MAX) -> None:
        self._parts_max = parts_max
        self._lock = threading.Lock()
        self._logs: OrderedDict[UUID, tuple[str, dict[int, bytes]]] = OrderedDict()
        self._count = 0

    def knows(self, log_id: UUID, sha256: str) -> bool:
        """Whether the log was read and had this digest."""
        with self._lock:
            known = self._logs.get(log_id)
            if known is None or known[0] != sha256:
                return False
            self._logs.move_to_end(log_id)
            return True

    def add(self, log_id: UUID, sha256: str, parts: dict[int, bytes]) -> None:
        """Remember a log that had this digest, with the digest of each chunk by its first byte."""
        with self._lock:
            self._remove(log_id)
            self._logs[log_id] = (sha256, parts)
            self._count += len(parts)
            while self._count > self._parts_max and len(self._logs) > 1:
                self._remove(next(iter(self._logs)))

    def fits(self, log_id: UUID, first_byte: int, data: bytes) -> bool:
        """Whether a chunk is still what it was when its log was checked; True for a log that wasn't."""
        with self._lock:
            known = self._logs.get(log_id)
        return known is None or known[1].get(first_byte) == digest_of_part(data)

    def parts(self, log_id: UUID) -> dict[int, bytes] | None:
        """The digests of a log's chunks, for a reader in another process; None for a log that wasn't checked."""
        with self._lock:
            known = self._logs.get(log_id)
        return None if known is None else known[1]

    def _remove(self, log_id: UUID) -> None:
        known = self._logs.pop(log_id, None)
        if known is not None:
            self._count -= len(known[1])


def digest_of_part(data: bytes) -> bytes:
    """Of a chunk's bytes."""
    return hashlib.blake2b(data, digest_size=PART_DIGEST_BYTES).digest()
