"""Watches whether a part of the server can follow the configuration in force, and tells of it until it can."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping

from buildledger.config.resolved import Configuration
from buildledger.intake.active_configuration import ActiveConfiguration
from buildledger.intake.config_effects import ConfigEffects
from buildledger.ledger.skipping import reason_of

RETRY_SECONDS = 30.0
"""Between two looks while something is wrong."""


class EffectWatch:
    """One part of the server. Construct it on the event loop that it runs on."""

    def __init__(
        self,
        part: str,
        check: Callable[[Configuration], Mapping[str, str]],
        active: ActiveConfiguration,
        effects: ConfigEffects,
        *,
        retry_seconds: float = RETRY_SECONDS,
    ) -> None:
        """`check` gives the components that can't follow a configuration, with why; it is called on a thread."""
        self._part = part
        self._check = check
        self._active = active
        self._effects = effects
        self._retry_seconds = retry_seconds
        self._loop = asyncio.get_running_loop()
        self._woken = asyncio.Event()

    def look(self) -> None:
        """Look soon: there is another configuration, or somebody found something wrong. Callable on any thread."""
        with contextlib.suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(self._woken.set)

    async def run(self) -> None:
        """Look whenever there is a reason to, and from time to time while something is wrong; for ever."""
        try:
            while True:
                self._woken.clear()
                failures = await self._failures()
                await self._effects.note(self._part, failures)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(self._retry_seconds if failures else None):
                        await self._woken.wait()
        finally:
            await self._effects.note(self._part, {})

    async def _failures(self) -> Mapping[str, str]:
        current = self._active.current
        if current is None:
            return {}
        try:
            return await asyncio.to_thread(self._check, current)
        except Exception as error:
            return {self._part: reason_of(error)}
