"""Why somebody waits for a lock: who holds it, or for whom it is reserved."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from buildledger.config.evaluation.placement import RunningBuild, lacking_lock
from buildledger.config.lock_uses import LockUse
from buildledger.wording import enumerated


class LockReason(NamedTuple):
    """The first lock that somebody can't have for the moment."""

    lock: str
    text: str
    held_by: tuple[RunningBuild, ...]
    """The builds that hold something of it, by builder and number."""


class LockWaiter(NamedTuple):
    """Who waits for locks, and may have them reserved."""

    builder: str
    locks: tuple[LockUse, ...]
    step_of: int = 0
    """The number of the build of which a step waits; 0: builds of the builder wait."""


def why_lacking(uses: Iterable[LockUse], free: Mapping[str, int], running: Iterable[RunningBuild]) -> LockReason | None:
    """The lock of which others hold too much; None if all that is taken is free."""
    use = lacking_lock(uses, free)
    if use is None:
        return None
    holders = _holders(use.lock, running)
    return LockReason(use.lock, f"the lock {use.lock} is {_held_by(use, free, holders)}", holders)


def why_reserved(
    builder: str,
    uses: Sequence[LockUse],
    free: Mapping[str, int],
    running: Iterable[RunningBuild],
    waiting: Iterable[LockWaiter],
) -> LockReason | None:
    """That a lock is kept for others, whose turn is first and who can't have all their locks yet."""
    if not uses:
        return None
    for other in sorted(waiting, key=lambda each: (each.builder, each.step_of)):
        if (not other.step_of and other.builder == builder) or lacking_lock(other.locks, free) is None:
            continue
        both = [use.lock for use in uses if any(use.lock == its.lock for its in other.locks)]
        if both:
            who = f"a step of {other.builder} #{other.step_of}" if other.step_of else f"a build of {other.builder}"
            text = f"the lock {both[0]} is reserved for {who}, whose turn is first"
            return LockReason(both[0], text, _holders(both[0], running))
    return None


def why_step_waits(uses: Sequence[LockUse], free: Mapping[str, int], running: Iterable[RunningBuild]) -> LockReason:
    """What a step waits for that hasn't got its locks."""
    use = lacking_lock(uses, free)
    if use is None:
        return LockReason(uses[0].lock, f"waits for lock {uses[0].lock}, kept for those whose turn is first", ())
    holders = _holders(use.lock, running)
    return LockReason(use.lock, f"waits for lock {use.lock}, {_held_by(use, free, holders)}", holders)


def _holders(lock: str, running: Iterable[RunningBuild]) -> tuple[RunningBuild, ...]:
    holders = [build for build in running if any(held.lock == lock for held in build.locks)]
    return tuple(sorted(holders, key=lambda build: (build.builder, build.number)))


def _held_by(use: LockUse, free: Mapping[str, int], holders: Sequence[RunningBuild]) -> str:
    named = enumerated([f"{build.builder} #{build.number}" for build in holders]) if holders else "other builds"
    left = max(free.get(use.lock, 0), 0)
    return f"held by {named}" + ("" if use.take == 1 else f", and {left} of the {use.take} that it takes are free")
