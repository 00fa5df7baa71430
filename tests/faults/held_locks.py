"""Which steps hold which locks, by the facts alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from uuid import UUID

from buildledger.events.build import StepFinished, StepLocksRequested, StepLocksTaken
from buildledger.events.fact import Recorded

FACTS = (StepLocksRequested, StepLocksTaken, StepFinished)


def wrong_holders(history: Iterable[Recorded], counts: Mapping[str, int]) -> list[str]:
    """Where more of a lock was held than there is; and what is held or awaited still, though all builds have ended."""
    asked: dict[UUID, dict[str, int]] = {}
    held: dict[UUID, dict[str, int]] = {}
    wrong = []
    for recorded in history:
        match recorded.fact:
            case StepLocksRequested(locks=locks):
                asked[recorded.stream_id] = locks
            case StepLocksTaken():
                held[recorded.stream_id] = asked[recorded.stream_id]
                total: Counter[str] = Counter()
                for locks in held.values():
                    total.update(locks)
                too_often = (lock for lock, taken in total.items() if taken > counts[lock])
                wrong += [f"{total[lock]} of lock {lock} at {recorded.position}" for lock in too_often]
            case StepFinished():
                asked.pop(recorded.stream_id, None)
                held.pop(recorded.stream_id, None)
    return wrong + [f"build {build} waits or holds for ever" for build in asked.keys() | held.keys()]
