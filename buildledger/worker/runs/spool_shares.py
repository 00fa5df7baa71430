"""Divides the limit on unacknowledged output among the supervised runs."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

# Output is removed in whole files, one of which each channel is always writing.
_FILES = 16
_LARGEST_FILE_BYTES = 8 << 20
_SMALLEST_FILE_BYTES = 16 << 10


def segment_bytes(spool_bytes: int, channels: int) -> int:
    """Size of the segments of a spool, so that many of them fit within the limit."""
    return min(max(spool_bytes // (_FILES * max(channels, 1)), _SMALLEST_FILE_BYTES), _LARGEST_FILE_BYTES)


class Sharer(Protocol):
    """A supervisor that is told its share."""

    def send(self, message: dict[str, Any]) -> None:
        """Send it an order."""


class SpoolShares:
    """Equal parts for all that run at the same time; one that runs alone may use all of it."""

    def __init__(self, spool_bytes: int) -> None:
        self._spool_bytes = spool_bytes
        self._members: set[Sharer] = set()

    @contextmanager
    def member(self, supervisor: Sharer) -> Iterator[int]:
        """Count a supervisor among the sharers while the context is open; gives its share in bytes."""
        self._send_shares(len(self._members) + 1)
        self._members.add(supervisor)
        try:
            yield self._spool_bytes // len(self._members)
        finally:
            self._members.discard(supervisor)
            self._send_shares(len(self._members))

    def _send_shares(self, sharers: int) -> None:
        for each in self._members:
            each.send({"spool_bytes": self._spool_bytes // sharers})
