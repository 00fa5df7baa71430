"""What this server does only while it leads it: constructed anew each time."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

from buildledger.intake.active_configuration import ActiveConfiguration
from buildledger.intake.config_effects import ConfigEffects
from buildledger.intake.effect_watch import RETRY_SECONDS
from buildledger.intake.polling.pollers import Pollers
from buildledger.reactors.runner import Health, Runner
from buildledger.servers.entries import Servers
from buildledger.settings import Role


class LedReactors:
    """The reactors, while this server leads them."""

    def __init__(self, make: Callable[[], Runner]) -> None:
        self._make = make
        self._runner: Runner | None = None
        self._failed: Health | None = None

    @property
    def health(self) -> Health | None:
        """How far they have come; None while another server leads them."""
        return self._failed if self._runner is None else self._runner.health

    async def run(self) -> None:
        """Work until cancelled, or until the ledger is closed; see `Runner.run`."""
        self._runner = self._make()
        try:
            await self._runner.run()
        except Exception:
            self._failed = self._runner.health
            raise
        else:
            self._failed = None
        finally:
            self._runner = None


class LedPollers:
    """The pollers of the configuration in force, while this server leads them."""

    def __init__(self, active: ActiveConfiguration, pollers: Pollers, servers: Servers, effects: ConfigEffects) -> None:
        """Construct it before the configuration is followed, and have `look` called for each new one."""
        self._effects = effects
        self._active = active
        self._pollers = pollers
        self._servers = servers
        self._changed = asyncio.Event()

    def trigger(self, source: str) -> bool:
        """Poll a source now, here or at the server that polls; False if it isn't configured or nobody polls."""
        if self._pollers.trigger_poll(source):
            return True
        if self._active.current is None or source not in self._active.current.sources:
            return False
        self._servers.ask_poll(source)
        return any(Role.POLLERS in each.roles for each in self._servers.entries())

    def look(self) -> None:
        """There is another configuration."""
        self._changed.set()

    async def run(self) -> None:
        """Poll until cancelled."""
        try:
            while True:
                self._changed.clear()
                current = self._active.current
                failures = {}
                if current is not None:
                    failures = await self._pollers.apply(current.sources, current.repo_pipelines)
                await self._effects.note("pollers", {f"poller {name}": why for name, why in failures.items()})
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(RETRY_SECONDS if failures else None):
                        await self._changed.wait()
        finally:
            await self._effects.note("pollers", {})
            await self._pollers.close()
