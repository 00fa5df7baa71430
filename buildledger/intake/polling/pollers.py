"""All pollers of a server: one task a source, few polls at a time, woken by hints, following the configuration."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from pathlib import Path

from buildledger.config.configurations import Configurations
from buildledger.config.resolved import Source
from buildledger.intake.polling.local_watch import watch
from buildledger.intake.polling.mirror import LIST_SECONDS, mirror_of
from buildledger.intake.polling.poller import Poller
from buildledger.intake.polling.slots import PollSlots
from buildledger.intake.polling.source_guard import SourceReplacedError
from buildledger.ledger.ledger import Ledger
from buildledger.ledger.skipping import reason_of, traced
from buildledger.ledger.vault import Vault
from buildledger.sources.systems import SYSTEMS

REPEAT_SECONDS = (5.0, 15.0, 60.0)
"""After somebody said that there is something new and there wasn't: what was announced may be on its way."""
REPLACED_SECONDS = 1.0
"""After the source was found to be configured otherwise."""
JITTER = 0.1
"""An interval is up to this part shorter or longer, so that sources don't fall into step."""

_log = logging.getLogger(__name__)


class Pollers:
    """Polls every source of the configuration.

    `random` gives numbers from 0 to 1, for the jitter only. Use it from one event loop.
    """

    def __init__(
        self,
        *,
        ledger: Ledger,
        vault: Vault,
        mirrors: Path,
        random: Callable[[], float],
        slots: PollSlots | None = None,
        list_seconds: float = LIST_SECONDS,
        repeat_seconds: Sequence[float] = REPEAT_SECONDS,
        configurations: Configurations | None = None,
    ) -> None:
        self._configurations = configurations or Configurations(ledger.at)
        self._ledger = ledger
        self._vault = vault
        self._mirrors = mirrors
        self._random = random
        self._slots = slots or PollSlots()
        self._list_seconds = list_seconds
        self._repeat_seconds = repeat_seconds
        self._running: dict[str, _Running] = {}

    async def apply(self, sources: Mapping[str, Source], with_files: Collection[str] = ()) -> dict[str, str]:
        """Poll these sources and no others; one that hasn't changed isn't disturbed.

        The files of those `with_files`, whose repositories say themselves what is built, are read again: what they may
        say has changed perhaps.

        Gives those that can't be polled, with why: the others are, and the next call tries them again.
        """
        failures: dict[str, str] = {}
        for name in [name for name, running in self._running.items() if sources.get(name) != running.source]:
            await self._running.pop(name).stop()
        for name, source in sources.items():
            if name not in self._running:
                if source.kind not in SYSTEMS:
                    # the configuration may have been applied by a server of a later version
                    failures[name] = f"this version of Build Ledger has no version-control system {source.kind!r}"
                    continue
                try:
                    poller = self._poller(source)
                except Exception as error:
                    failures[name] = reason_of(error)
                    continue
                self._running[name] = _Running(source, poller, self._slots, self._random, self._repeat_seconds)
            if name in with_files:
                self._running[name].read_soon()
        return failures

    def trigger_poll(self, source: str) -> bool:
        """Poll this source now: somebody says that it has changed. False if there is no such source.

        Hints that come while it is polled are answered by one further poll.
        """
        running = self._running.get(source)
        if running is not None:
            running.poll_soon(announced=True)
        return running is not None

    async def close(self) -> None:
        """End all polls and kill what they run; the next start repeats them."""
        await self.apply({})

    def _poller(self, source: Source) -> Poller:
        mirror = mirror_of(self._mirrors, source, list_seconds=self._list_seconds)
        return Poller(
            source, ledger=self._ledger, vault=self._vault, mirror=mirror, configurations=self._configurations
        )


class _Running:
    """The tasks of one source: its poll loop and, for a local repository, a watch."""

    def __init__(
        self,
        source: Source,
        poller: Poller,
        slots: PollSlots,
        random: Callable[[], float],
        repeat_seconds: Sequence[float],
    ) -> None:
        self.source = source
        self._poller = poller
        self._slots = slots
        self._random = random
        self._repeat_seconds = repeat_seconds
        self._hint = asyncio.Event()
        self._announced = False
        self._to_read = asyncio.Event()
        self._one_at_a_time = asyncio.Lock()
        """A poller does one thing at a time."""
        self._tasks = [
            asyncio.create_task(self._poll_for_ever(), name=f"poll {source.name}"),
            asyncio.create_task(self._read_for_ever(), name=f"read files of {source.name}"),
        ]
        system = SYSTEMS[source.kind]
        repository = system.local_path(source.url)
        if repository is not None and source.poll_seconds is not None:
            watching = watch(partial(system.watched_paths, repository), self.poll_soon)
            self._tasks.append(asyncio.create_task(watching, name=f"watch {source.name}"))

    def poll_soon(self, *, announced: bool = False) -> None:
        """Poll without waiting for the interval to be over; what was `announced` is looked for a few times."""
        self._announced = self._announced or announced
        self._hint.set()

    def read_soon(self) -> None:
        """Read the files of the branches again, as they are known, without waiting for the next poll."""
        self._to_read.set()

    async def stop(self) -> None:
        """End the tasks and wait until they have."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _poll_for_ever(self) -> None:
        if self.source.poll_seconds is None:
            await self._hint.wait()
        repeats: list[float] = []
        while True:
            hinted = self._hint.is_set()
            self._hint.clear()
            if self._announced:
                repeats, self._announced = list(self._repeat_seconds), False
            before = self._poller.seen
            async with self._slots.taken(), self._one_at_a_time:
                try:
                    await self._poller.poll(hinted=hinted)
                except SourceReplacedError as replaced:
                    # it is about to be stopped, unless that configuration comes back at once
                    _log.info("%s", replaced)
                    repeats = [REPLACED_SECONDS]
                except Exception as error:
                    said = (self.source.name, reason_of(error))
                    _log.error("source %s: the poll failed and will be repeated: %s", *said, exc_info=traced(error))
            if self._poller.seen != before:
                repeats = []
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._interval(repeats)):
                    await self._hint.wait()

    async def _read_for_ever(self) -> None:
        while True:
            await self._to_read.wait()
            self._to_read.clear()
            async with self._one_at_a_time:
                try:
                    await self._poller.read_again()
                except Exception as error:
                    said = (self.source.name, reason_of(error))
                    _log.error("source %s: the next poll reads its files: %s", *said, exc_info=traced(error))

    def _interval(self, repeats: list[float]) -> float | None:
        """How long to wait; a repetition that is due earlier is taken out."""
        seconds = self.source.poll_seconds
        regular = None if seconds is None else seconds * (1 + JITTER * (2 * self._random() - 1))
        return min(repeats.pop(0), regular or math.inf) if repeats else regular
