"""How much of a lock a build takes, or a single step of it: as it is stored."""

from __future__ import annotations

import msgspec


class LockUse(msgspec.Struct, frozen=True, kw_only=True):
    """How much of a lock is taken: by a build from its first step to its last, or by one step while it runs."""

    lock: str
    take: int = 1
    """How much of the lock's count; never more than it has."""
