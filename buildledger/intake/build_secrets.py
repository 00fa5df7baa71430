"""The secrets of builds, read from where the configuration that a build began with says that they are."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from buildledger.config.configurations import Configurations, UnreadableConfigurationError
from buildledger.config.secrets.provider import SecretsUnreachableError, SecretUnavailableError
from buildledger.config.secrets.providers import provider
from buildledger.config.secrets.settings import Secrets
from buildledger.events.build import BuildAssigned
from buildledger.events.catalogue import stored_names
from buildledger.events.config import ConfigApplied
from buildledger.events.ids import CONFIG_STREAM, BuildId
from buildledger.ledger.errors import StoreError
from buildledger.ledger.ledger import Ledger
from buildledger.ledger.store import FactQuery

BUILDS_MAX = 1024
"""Builds of which it is remembered where their secrets are."""


class BuildSecrets:
    """Values of secrets for builds, read anew each time and kept nowhere. Thread-safe; calls block.

    The place is that of the build's own configuration: one that is applied meanwhile, with other secrets or none,
    changes nothing for a build that runs.
    """

    def __init__(
        self, ledger: Ledger, configurations: Configurations, *, failed: Callable[[], object] = lambda: None
    ) -> None:
        """`failed` is called on whatever thread finds that a secret can't be had."""
        self._ledger = ledger
        self._configurations = configurations
        self._failed = failed
        self._place = lru_cache(BUILDS_MAX)(self._find_place)

    def get(self, name: str, build_id: BuildId) -> str:
        """The value of a secret for a build.

        Raises:
            LookupError: It isn't there.
            OSError: Where it is can't be asked at this moment.
        """
        try:
            return provider(self._place(build_id)).read(name)
        except (SecretUnavailableError, SecretsUnreachableError):
            self._failed()
            raise
        except StoreError as error:
            raise OSError(f"the ledger can't be read: {error}") from error

    def _find_place(self, build_id: BuildId) -> Secrets:
        assigned = FactQuery(stream_id=build_id, names=stored_names(BuildAssigned))
        found = self._ledger.select(assigned, 1)
        if not found:
            raise LookupError(f"there is no build {build_id}")
        # a build is only ever assigned under the configuration that is in force then
        in_force = FactQuery(
            stream_id=CONFIG_STREAM, names=stored_names(ConfigApplied), last=found[0].position, descending=True
        )
        position = self._ledger.newest_position(in_force)
        if position is None:
            return Secrets()
        try:
            return self._configurations.at(position).secrets
        except UnreadableConfigurationError as error:
            raise LookupError(str(error)) from error
