"""Requests whose build was lost to infrastructure, and when each is tried again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from buildledger.events.ids import RequestId

RETRY_PAUSE_SECONDS = (2, 15, 60)
"""From the start of an attempt that was lost to infrastructure to the start of the next: after the first, the second,
and each further one. What fails at once would else have used up all attempts in the same moment."""


class RetryPauses:
    """In no checkpoint: after a start whatever waits is tried at once."""

    def __init__(self) -> None:
        self._until: dict[RequestId, datetime] = {}
        self._claimed_at: dict[RequestId, datetime] = {}
        """When the builds of requests began, those of which that was seen."""

    def __contains__(self, request_id: RequestId) -> bool:
        return request_id in self._until

    def __iter__(self) -> Iterator[RequestId]:
        return iter(list(self._until))

    def claimed(self, request_id: RequestId, at: datetime) -> None:
        """Note that an attempt begins."""
        self._until.pop(request_id, None)
        self._claimed_at[request_id] = at

    def returned(self, request_id: RequestId, attempts: int) -> bool:
        """Begin the pause after so many attempts; False if none is needed, as nobody knows when the last began."""
        began = self._claimed_at.pop(request_id, None)
        if began is None:
            return False
        pause = RETRY_PAUSE_SECONDS[min(attempts, len(RETRY_PAUSE_SECONDS)) - 1]
        self._until[request_id] = began + timedelta(seconds=pause)
        return True

    def end(self, request_id: RequestId) -> None:
        """End a request's pause; without effect if it has none."""
        self._until.pop(request_id, None)

    def forget(self, request_id: RequestId) -> None:
        """The request is answered."""
        self._until.pop(request_id, None)
        self._claimed_at.pop(request_id, None)

    def over(self, now: datetime) -> list[RequestId]:
        """The requests that may be tried again."""
        return [request_id for request_id, until in self._until.items() if until <= now]

    def next_at(self) -> datetime | None:
        """When the first of them may be tried again; None if there is none."""
        return min(self._until.values(), default=None)
