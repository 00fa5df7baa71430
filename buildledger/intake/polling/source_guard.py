"""Ties what was found in a repository to the address and the other settings that it was found with."""

from __future__ import annotations

from buildledger.config.configurations import Configurations, UnreadableConfigurationError
from buildledger.config.resolved import Configuration, Source
from buildledger.domain.config import RequireConfig
from buildledger.events.catalogue import stored_names
from buildledger.events.config import ConfigApplied
from buildledger.events.ids import CONFIG_STREAM
from buildledger.ledger.ledger import Ledger
from buildledger.ledger.store import FactQuery

_NEWEST = FactQuery(stream_id=CONFIG_STREAM, names=stored_names(ConfigApplied), descending=True)


class SourceReplacedError(Exception):
    """The source has been configured otherwise, or taken out, since it began to be read."""


class SourceGuard:
    """Has what is recorded of a source refused if it isn't configured so any more. Thread-safe."""

    def __init__(self, ledger: Ledger, source: Source, configurations: Configurations | None = None) -> None:
        self._ledger = ledger
        self._source = source
        self._configurations = configurations or Configurations(ledger.at)

    def require(self) -> tuple[RequireConfig, ...]:
        """Goes with what is recorded; refused as `config_replaced` if another configuration comes in between.

        Reads the ledger, which may be ahead of whoever follows it.

        Raises:
            SourceReplacedError
        """
        configuration, required = newest_configuration(self._ledger, self._configurations)
        if configuration is not None and configuration.sources.get(self._source.name) != self._source:
            raise SourceReplacedError(f"source {self._source.name} isn't configured any more as it was read")
        return required


def newest_configuration(
    ledger: Ledger, configurations: Configurations
) -> tuple[Configuration | None, tuple[RequireConfig, ...]]:
    """The configuration that was applied last, and what has a command refused once it isn't the last any more.

    None where none was applied, and where it can't be read: what was configured before goes on. Reads the ledger.
    """
    if (position := ledger.newest_position(_NEWEST)) is None:
        return None, ()
    required = (RequireConfig(digest=configurations.digest_at(position)),)
    try:
        return configurations.at(position), required
    except UnreadableConfigurationError:
        return None, required
