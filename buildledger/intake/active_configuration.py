"""The configuration in force, for the parts of a server that act on it outside the ledger."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from buildledger.config.resolved import Configuration
from buildledger.config.secrets import provider
from buildledger.config.stored import read_configuration
from buildledger.events.config import ConfigApplied
from buildledger.events.fact import Recorded
from buildledger.ledger.ledger import Ledger

PAGE = 100


class ActiveConfiguration:
    """Follows the ledger; `current` is what was applied last."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._position = 0
        self.current: Configuration | None = None
        """None before the first one."""
        self.revision = 0

    async def load(self) -> None:
        """Find what is in force at this moment."""
        head = self._ledger.head()
        while page := await asyncio.to_thread(self._ledger.read, self._position, PAGE, (ConfigApplied.NAME,)):
            for recorded in page:
                self._take(recorded)
        self._position = max(self._position, head)

    async def changes(self) -> AsyncIterator[Configuration]:
        """What is in force now, if anything is, and then each one that is applied."""
        if self.current is not None:
            yield self.current
        async for batch in self._ledger.tail().after(self._position):
            for recorded in batch:
                if self._take(recorded) and self.current is not None:
                    yield self.current

    def names_worker(self, name: str) -> bool:
        """Whether it has a worker of this name."""
        return self.current is not None and name in self.current.workers

    def get(self, name: str) -> str:
        """The value of a secret, read now from where the configuration says; blocks.

        Raises: LookupError if it isn't there.
        """
        if self.current is None:
            raise LookupError("no configuration has been applied, so no secrets are known")
        return provider(self.current.secrets).read(name)

    def _take(self, recorded: Recorded) -> bool:
        self._position = recorded.position
        fact = recorded.fact
        if not isinstance(fact, ConfigApplied):
            return False
        self.current, self.revision = read_configuration(fact.text), fact.revision
        return True
