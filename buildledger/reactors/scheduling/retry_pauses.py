"""Requests whose build was lost to infrastructure, and when each is tried again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from buildledger.config.resolved import Builder
from buildledger.events.ids import RequestId
from buildledger.reactors.state.requests import OpenRequest
from buildledger.reactors.state.shared import SharedState

RETRY_PAUSE_SECONDS = (2, 15, 60)
"""From the start of an attempt that was lost to infrastructure to the start of the next: after the first, the second,
and each further one. What fails at once would else have used up all attempts in the same moment."""


class RetryPauses:
    """Follows from the open requests, so that a start, or another configuration, ends no pause."""

    def __init__(self, shared: SharedState) -> None:
        self._shared = shared
        self._until: dict[RequestId, datetime] = {}

    def __contains__(self, request_id: RequestId) -> bool:
        return request_id in self._until

    def __iter__(self) -> Iterator[RequestId]:
        return iter(list(self._until))

    def resume(self, builder_of: Callable[[OpenRequest], Builder | None]) -> None:
        """Let those pause that did before, or whose build was lost while no server ran."""
        self._until.clear()
        waiting = [each for each in self._shared.requests.values() if each.waits]
        for each in waiting:
            if builder_of(each) is not None:
                self.begin(each)
        ready = {key for each in waiting if each.request_id not in self._until and (key := _answered_with(each))}
        for each in waiting:
            if _answered_with(each) in ready:
                self.end(each.request_id)

    def begin(self, waiting: OpenRequest) -> None:
        """Begin the pause of a request whose last build was lost; without effect on one that had none."""
        if waiting.claimed_at is not None:
            pause = RETRY_PAUSE_SECONDS[min(waiting.attempts, len(RETRY_PAUSE_SECONDS)) - 1]
            self._until[waiting.request_id] = waiting.claimed_at + timedelta(seconds=pause)

    def end(self, request_id: RequestId) -> None:
        """End a request's pause; without effect if it has none."""
        self._until.pop(request_id, None)

    def pausing_with(self, waiting: OpenRequest) -> list[RequestId]:
        """Those that pause though one build may answer them and `waiting`, which isn't to be built before them."""
        key = _answered_with(waiting)
        return [each for each in self._until if key and _answered_with(self._shared.requests[each]) == key]

    def over(self, now: datetime) -> list[RequestId]:
        """The requests that may be tried again."""
        return [request_id for request_id, until in self._until.items() if until <= now]

    def next_at(self) -> datetime | None:
        """When the first of them may be tried again; None if there is none."""
        return min(self._until.values(), default=None)


def _answered_with(waiting: OpenRequest) -> tuple[str, str, str | None] | None:
    """What requests that one build may answer have in common; None: a build answers this one alone."""
    submitted = waiting.submitted
    key = submitted.collapse_key
    return None if key is None else (submitted.builder, key, submitted.pipeline)
