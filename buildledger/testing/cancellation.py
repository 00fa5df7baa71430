"""Cancels a coroutine at each of its suspensions, one after the other, to show that it leaves nothing taken.

A call of a server can be cancelled wherever it waits. Two moments differ: while what it waits for is still going on,
and when that is through and the coroutine hasn't seen its result, which is then lost.
"""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Generator
from enum import Enum
from typing import Any, Generic, TypeVar

Answer = TypeVar("Answer")
SUSPENSIONS_MAX = 1_000


class Moment(Enum):
    """When a coroutine is cancelled that waits."""

    WAITING = "waiting"
    """As soon as it waits."""
    ANSWERED = "answered"
    """When what it waits for is through, before the coroutine goes on."""


class Interruption:
    """The suspension at which to cancel, and whether it came to that."""

    def __init__(self, suspension: int, moment: Moment) -> None:
        self.suspension = suspension
        """Counted from 1."""
        self.moment = moment
        self.seen = 0
        """How many there were so far, in one coroutine."""
        self.has_happened = False

    def of(self, work: Coroutine[Any, Any, Answer]) -> "_Interrupted[Answer]":
        """`work`, as something to await; the task that awaits it is cancelled at the suspension."""
        return _Interrupted(work, self)

    def suspended(self, waited_for: object) -> None:
        """Count a suspension, and cancel the current task if it is the one."""
        self.seen += 1
        if self.seen != self.suspension:
            return
        task = asyncio.current_task()
        assert task is not None
        if self.moment is Moment.ANSWERED and isinstance(waited_for, asyncio.Future):
            # Before the task's own callback, which is added once it has got what is yielded here.
            waited_for.add_done_callback(lambda _: self._cancel(task))
        else:
            self._cancel(task)

    def _cancel(self, task: "asyncio.Task[Any]") -> None:
        self.has_happened = True
        task.cancel()

    def __str__(self) -> str:
        """For the message of a test that fails."""
        return f"suspension {self.suspension}, {self.moment.value}"


class _Interrupted(Generic[Answer]):
    """Passes on what a coroutine yields to its event loop, and counts it."""

    def __init__(self, work: Coroutine[Any, Any, Answer], interruption: Interruption) -> None:
        self._work = work
        self._interruption = interruption

    def __await__(self) -> Generator[Any, Any, Answer]:
        steps = self._work.__await__()
        error: BaseException | None = None
        try:
            while True:
                yielded = next(steps) if error is None else steps.throw(error)
                error = None
                self._interruption.suspended(yielded)
                try:
                    yield yielded
                except BaseException as thrown:
                    error = thrown
        except StopIteration as end:
            answer: Answer = end.value
            return answer


async def interruptions(suspensions_max: int = SUSPENSIONS_MAX) -> AsyncIterator[Interruption]:
    """Each suspension of what is tried in the loop's body, at both moments, until the body isn't interrupted any more.

    The body makes the coroutine anew, awaits `interruption.of(coroutine)` in a task, and checks what is left of it.
    """
    for moment in Moment:
        for suspension in range(1, suspensions_max + 1):
            interruption = Interruption(suspension, moment)
            yield interruption
            if not interruption.has_happened and interruption.seen < suspension:
                break
        else:
            raise AssertionError(f"more than {suspensions_max} suspensions")
