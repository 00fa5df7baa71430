"""Which sessions somebody has signed out of, though their cookies haven't expired: at this server, and at all."""

from __future__ import annotations

import asyncio
from typing import Protocol

from buildledger.ledger.expiring_names import ExpiringNames

SESSIONS_ENDED_MAX = 100_000


class SharedNames(Protocol):
    """Names that all servers of a database know; both methods block. `servers.shown_once` has them.

    They raise StoreError while the database is away.
    """

    def add(self, name: str, until: float, now: float) -> bool:
        """Remember a name until a time; False if it is known."""
        ...

    def knows(self, name: str) -> bool:
        """Whether some server was told it."""
        ...


class EndedSessions:
    """Sessions that have ended, by names. With `shared` a session that was ended at any server has ended at each."""

    def __init__(self, own: ExpiringNames | None = None, shared: SharedNames | None = None) -> None:
        self._own = own or ExpiringNames(None, 0.0, SESSIONS_ENDED_MAX)
        self._shared = shared

    async def add(self, name: str, until: float, now: float) -> bool:
        """Remember one until a time in seconds; False if it had ended already.

        Raises:
            StoreError: The database is away; it has ended at this server only.
        """
        new = self._own.add(name, until, now)
        if self._shared is not None:
            new = await asyncio.to_thread(self._shared.add, _shared_name(name), until, now) and new
        return new

    async def has(self, name: str) -> bool:
        """Whether it has ended, wherever.

        Raises:
            StoreError: The database is away, so that nobody knows.
        """
        if name in self._own:
            return True
        return self._shared is not None and await asyncio.to_thread(self._shared.knows, _shared_name(name))


def _shared_name(name: str) -> str:
    """Proofs that workers show stand beside it."""
    return f"session {name}"
