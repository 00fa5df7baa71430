"""How much of each lock is left, and for whom it is reserved: for queues of builds, and for steps of running ones."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from buildledger.config.evaluation.lock_order import LockOrder
from buildledger.config.evaluation.placement import lacking_lock
from buildledger.config.lock_uses import LockUse
from buildledger.config.resolved import Builder
from buildledger.events.ids import BuildId
from buildledger.reactors.scheduling.pools import QueueRank
from buildledger.reactors.scheduling.queues import Queue


class WaitingStep(NamedTuple):
    """A step of a running build that waits for its locks."""

    rank: QueueRank
    """Its place among the queues: that of a build of the same priority which began to wait when the step did."""
    build_id: BuildId
    uses: tuple[LockUse, ...]
    held: tuple[str, ...]
    """The locks that its build holds."""


class Locks:
    """The locks of one configuration. Builds assigned under an earlier one count too.

    A queue whose turn it is, and that can't have all its locks, reserves them: what is free of them isn't given to
    queues behind it, so that it gets them all at last, however many builds want one of them. A step does likewise.

    A step that waits keeps its worker's slot and its build's locks, so that a reservation against it is let go where
    keeping it could have both wait for ever: if whoever it is for may be waiting for this very build, or if it is for
    a queue whose workers have no room.
    """

    def __init__(self, counts: Mapping[str, int], order: LockOrder) -> None:
        self.free = dict(counts)
        """By lock; below 0 while builds of an earlier configuration hold more than there is."""
        self._counts = dict(counts)
        self._order = order
        self._waiting: dict[str, dict[int, Queue]] = {}
        """The queues that wait, by lock and number."""
        self._kept_for: dict[str, int] = {}
        """The number of the queue for which a lock was kept when somebody last asked for it."""
        self._steps: dict[BuildId, WaitingStep] = {}
        self._steps_by_lock: dict[str, list[WaitingStep]] = {}
        """In their order."""
        self._changed: dict[str, None] = {}
        """Locks that a step may have now, though it couldn't when `ready_steps` was last called."""

    def know(self, counts: Mapping[str, int]) -> None:
        """Take over from an earlier configuration the locks that this one hasn't got: its builds may want them."""
        for lock, count in counts.items():
            if lock not in self._counts:
                self._counts[lock] = count
                self.free[lock] = self.free.get(lock, 0) + count

    def lacking(self, queue: Queue) -> str | None:
        """The first lock that the next build of a queue can't have for the moment; None if it can have all."""
        uses = queue.builder.locks
        if (use := lacking_lock(uses, self.free)) is not None:
            return use.lock
        return next((use.lock for use in uses if not self._is_left_for(queue, use)), None)

    def room(self, builder: Builder) -> int | None:
        """How many builds of this builder could have their locks; None if it takes none."""
        return min((self.free.get(use.lock, 0) // use.take for use in builder.locks), default=None)

    def wait(self, queue: Queue) -> None:
        """Let a queue wait for its locks, and reserve them."""
        for use in queue.builder.locks:
            self._waiting.setdefault(use.lock, {})[queue.number] = queue

    def serve(self, queue: Queue) -> None:
        """Let a queue wait for no lock any more."""
        for use in queue.builder.locks:
            self._waiting.get(use.lock, {}).pop(queue.number, None)

    def waiting_with(self, queue: Queue) -> list[int]:
        """The numbers of the queues that wait for one of the locks of a queue that waits, itself included."""
        locks = [use.lock for use in queue.builder.locks if queue.number in self._waiting.get(use.lock, ())]
        return self._queues_at(locks)

    def waiting(self) -> list[int]:
        """The numbers of all queues that wait for a lock."""
        return self._queues_at(self._waiting)

    def take(self, uses: Iterable[LockUse]) -> None:
        """Count what a build or a step that begins takes."""
        for use in uses:
            self.free[use.lock] = self.free.get(use.lock, 0) - use.take

    def give_back(self, uses: Iterable[LockUse]) -> list[int]:
        """Count what a build or a step that has ended gives back; gives the numbers of the queues that wait for it."""
        locks = []
        for use in uses:
            self.free[use.lock] = self.free.get(use.lock, 0) + use.take
            locks.append(use.lock)
        self._changed.update(dict.fromkeys(locks))
        return self._queues_at(locks)

    def wait_step(self, step: WaitingStep) -> None:
        """Let a step wait for its locks, and reserve them."""
        self._steps[step.build_id] = step
        for use in step.uses:
            insort(self._steps_by_lock.setdefault(use.lock, []), step)
            self._changed[use.lock] = None

    def forget_step(self, build_id: BuildId) -> list[int]:
        """Let a build's step wait no more; gives the numbers of the queues that may have what it had reserved."""
        step = self._steps.pop(build_id, None)
        if step is None:
            return []
        for use in step.uses:
            steps = self._steps_by_lock[use.lock]
            del steps[bisect_left(steps, step)]
            self._changed[use.lock] = None
        return self._queues_at(use.lock for use in step.uses)

    def waiting_steps(self) -> Iterable[WaitingStep]:
        """The steps that wait."""
        return self._steps.values()

    def possible(self, uses: Iterable[LockUse]) -> tuple[LockUse, ...]:
        """What can be had of locks whose counts have been lowered since: all of them at the most."""
        return tuple(LockUse(lock=use.lock, take=min(use.take, self._counts.get(use.lock, use.take))) for use in uses)

    def ready_steps(self) -> list[WaitingStep]:
        """The steps that can have their locks now, in their order; each has them, and waits no more.

        Looks only at locks of which something has changed, and at those that are reserved for queues.
        """
        ready: list[WaitingStep] = []
        changed, self._changed = self._changed, {}
        for lock in changed:
            for step in list(self._steps_by_lock.get(lock, ())):
                if self.free.get(lock, 0) <= 0:
                    break
                if self._can_have(step):
                    self.forget_step(step.build_id)
                    self.take(step.uses)
                    ready.append(step)
        if not ready:
            return ready
        return sorted(ready)

    def _can_have(self, step: WaitingStep) -> bool:
        return lacking_lock(step.uses, self.free) is None and all(
            self._left_for_step(step, use.lock) >= use.take for use in step.uses
        )

    def _is_left_for(self, queue: Queue, use: LockUse) -> bool:
        """Whether enough of a lock is free and isn't reserved for queues and steps before this queue."""
        left, rank = self.free.get(use.lock, 0), queue.rank()
        for step in self._steps_by_lock.get(use.lock, ()):
            if left < use.take or (rank is not None and step.rank > rank):
                break
            left -= _of(step.uses, use.lock)
        for other in self._likeliest_first(use.lock):
            if left < use.take:
                break
            if other is queue or not other.pool.members:
                continue
            first = other.rank()
            if first is not None and (rank is None or first < rank):
                left -= _of(other.builder.locks, use.lock)
                self._kept_for[use.lock] = other.number
        return left >= use.take

    def _likeliest_first(self, lock: str) -> Iterator[Queue]:
        """The queues that wait for a lock: first the one for which it was kept when somebody last asked.

        It keeps others out as well: of all that are asked after something was given back, most look at it alone.
        """
        waiting = self._waiting.get(lock, {})
        likeliest = waiting.get(self._kept_for.get(lock, -1))
        if likeliest is not None:
            yield likeliest
        yield from (queue for queue in waiting.values() if queue is not likeliest)

    def _left_for_step(self, step: WaitingStep, lock: str) -> int:
        """What is free of a lock and isn't reserved, against this step, for steps and queues before it."""
        left = self.free.get(lock, 0)
        for other in self._steps_by_lock[lock]:
            if other is step or left <= 0:
                break
            if not self._order.may_wait_for(other.uses, step.held):
                left -= _of(other.uses, lock)
        for queue in self._waiting.get(lock, {}).values():
            if left <= 0:
                break
            if self._reserves(queue, step):
                left -= _of(queue.builder.locks, lock)
                # it may lose its room, or its turn, without anything being given back
                self._changed[lock] = None
        return left

    def _reserves(self, queue: Queue, step: WaitingStep) -> bool:
        """Whether what a queue has reserved is kept from a step: its turn is first, and only a lock keeps it."""
        if not queue.pool.free or lacking_lock(queue.builder.locks, self.free) is None:
            return False
        rank = queue.rank()
        return rank is not None and rank < step.rank and not self._order.may_wait_for(queue.builder.locks, step.held)

    def _queues_at(self, locks: Iterable[str]) -> list[int]:
        return list({number: None for lock in locks for number in self._waiting.get(lock, ())})


def _of(uses: Iterable[LockUse], lock: str) -> int:
    """How much of one lock is taken."""
    return sum(use.take for use in uses if use.lock == lock)
