"""Keeps the configuration in force up to date in this process, and tells whoever acts on it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from contextlib import AsyncExitStack

from buildledger.composition.lifetime import Lifetime
from buildledger.config.configurations import Configurations
from buildledger.config.plan.usable import missing_secrets
from buildledger.config.resolved import Configuration
from buildledger.elastic.driver import Gateway
from buildledger.elastic.requisites import unstartable
from buildledger.intake.active_configuration import ActiveConfiguration
from buildledger.intake.build_secrets import BuildSecrets
from buildledger.intake.config_effects import ConfigEffects
from buildledger.intake.effect_watch import EffectWatch
from buildledger.ledger.ledger import Ledger
from buildledger.settings import Role


class ConfigurationFollowers:
    """The parts of a server that act on the configuration, or look whether they could; those of its roles."""

    def __init__(
        self,
        active: ActiveConfiguration,
        effects: ConfigEffects,
        roles: Collection[Role],
        lifetime: Lifetime,
        stack: AsyncExitStack,
    ) -> None:
        self._active = active
        self._effects = effects
        self._roles = roles
        self._lifetime = lifetime
        self._stack = stack
        self._looks: list[Callable[[], object]] = []

    def add(self, look: Callable[[], object]) -> None:
        """Call this for each configuration that comes into force."""
        self._looks.append(look)

    def build_secrets(self, ledger: Ledger, configurations: Configurations) -> BuildSecrets:
        """The secrets of builds; where workers get them it is watched whether all that are named can be had."""
        if Role.GATEWAY not in self._roles:
            return BuildSecrets(ledger, configurations)
        watch = self._watch("secrets", missing_secrets)
        return BuildSecrets(ledger, configurations, failed=watch.look)

    def watch_machines(self, gateway: Gateway) -> None:
        """Say which workers the server couldn't start, before there is work for them."""
        if Role.ELASTIC in self._roles:
            self._watch("elastic workers", lambda configuration: unstartable(configuration, gateway))

    def start(self) -> None:
        """Follow the ledger, for as long as the server runs."""
        self._lifetime.watch(self._follow(), "configuration", self._stack)

    def _watch(self, part: str, check: Callable[[Configuration], Mapping[str, str]]) -> EffectWatch:
        watch = EffectWatch(part, check, self._active, self._effects)
        self.add(watch.look)
        self._lifetime.watch(watch.run(), part, self._stack)
        return watch

    async def _follow(self) -> None:
        async for _ in self._active.changes():
            for look in self._looks:
                look()
