"""The configuration in force, for the parts of a server that act on it outside the ledger."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from datetime import datetime
from typing import NamedTuple

from buildledger.config.configurations import Configurations, UnreadableConfigurationError
from buildledger.config.resolved import Configuration
from buildledger.domain.config import RequireConfig
from buildledger.events.catalogue import stored_names
from buildledger.events.config import ConfigApplied
from buildledger.events.fact import Recorded
from buildledger.events.ids import CONFIG_STREAM
from buildledger.intake.polling.source_guard import newest_configuration
from buildledger.ledger.errors import StoreError
from buildledger.ledger.ledger import Ledger
from buildledger.ledger.store import FactQuery

RETRY_SECONDS = 1.0
"""Between two tries while the database is away."""

_log = logging.getLogger(__name__)


class Applied(NamedTuple):
    """How a revision of the configuration came into force."""

    position: int
    revision: int
    digest: str
    source: str
    """The file that it came from, or the earlier revision that it restores."""
    at: datetime


class ActiveConfiguration:
    """Follows the ledger; `current` is what was applied last."""

    def __init__(self, ledger: Ledger, configurations: Configurations) -> None:
        self._ledger = ledger
        self._configurations = configurations
        self._position = 0
        self.current: Configuration | None = None
        """None before the first one, and at a start at which it can't be read."""
        self.applied: Applied | None = None
        """What was applied last, whether or not it can be read; None before the first."""
        self.unreadable: UnreadableConfigurationError | None = None
        """Why what was applied last isn't what is acted on; None: it is."""

    @property
    def revision(self) -> int:
        """The number of what was applied last; 0 before the first."""
        return 0 if self.applied is None else self.applied.revision

    async def load(self) -> None:
        """Find what is in force at this moment; no earlier configuration is read, and one that can't be is said."""
        head = self._ledger.head()
        newest = FactQuery(stream_id=CONFIG_STREAM, names=stored_names(ConfigApplied), descending=True)
        for recorded in await asyncio.to_thread(self._ledger.select, newest, 1):
            if recorded.position > self._position:
                await self._try(recorded)
        self._position = max(self._position, head)

    async def changes(self) -> AsyncIterator[Configuration]:
        """What is in force now, if anything is, and then each one that is applied."""
        if self.current is not None:
            yield self.current
        while True:
            try:
                async for batch in self._ledger.tail().after(self._position):
                    for recorded in batch:
                        if await self._follow(recorded) and self.current is not None:
                            yield self.current
                return
            except StoreError as error:
                _log.warning("the configuration in force can't be followed, trying again: %s", error)
                await asyncio.sleep(RETRY_SECONDS)

    def newest(self) -> tuple[Configuration | None, tuple[RequireConfig, ...]]:
        """What is in force in the ledger, which may be ahead of `current`; see `newest_configuration`. Blocks."""
        newest, required = newest_configuration(self._ledger, self._configurations)
        return newest or self.current, required

    def names_worker(self, name: str) -> bool:
        """Whether it has a worker of this name; where that can't be read any worker that proves itself may go on."""
        if self.unreadable is not None:
            return True
        return self.current is not None and name in self.current.workers

    async def _follow(self, recorded: Recorded) -> bool:
        if not isinstance(recorded.fact, ConfigApplied):
            self._position = recorded.position
            return False
        return await self._try(recorded)

    async def _try(self, recorded: Recorded) -> bool:
        """Take a configuration over; False if it can't be read, which stops nothing else and is said in health."""
        try:
            await asyncio.to_thread(self._take, recorded)
        except UnreadableConfigurationError as error:
            self.unreadable = error
            _log.error("%s; apply one again: `buildledger config apply FILE`", error)
            self.applied = _applied(recorded)
            self._position = max(self._position, recorded.position)
            return False
        self.unreadable = None
        return True

    def _take(self, recorded: Recorded) -> None:
        self.current = self._configurations.at(recorded.position)
        self.applied = _applied(recorded)
        self._position = max(self._position, recorded.position)


def _applied(recorded: Recorded) -> Applied:
    fact = recorded.fact
    assert isinstance(fact, ConfigApplied)
    source = f"revision {fact.restores}" if fact.restores else fact.origin
    return Applied(recorded.position, fact.revision, fact.digest, source, recorded.meta.recorded_at)
