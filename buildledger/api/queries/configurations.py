"""The configurations that a reading of the read models knows."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from buildledger.config.configurations import Configurations, UnreadableConfigurationError, UnreadablePipelineError
from buildledger.config.resolved import Configuration
from buildledger.projections.reading import Reading
from buildledger.projections.revisions import revision as revision_table


class ConfigurationQueries:
    """Finds by the rows of a reading which configuration is meant, and reads it. Thread-safe."""

    def __init__(self, configurations: Configurations) -> None:
        self._configurations = configurations

    def in_force(self, reading: Reading) -> Configuration | None:
        """The one in force at the reading's position; None before the first, and for one that can't be read."""
        revision = reading.table(revision_table)
        row = reading.first(sa.select(revision.c.seq).order_by(revision.c.seq.desc()))
        return self._readable(row)

    def with_digest(self, reading: Reading, digest: str) -> Configuration | None:
        """The one with this digest, if it was ever in force until the reading's position and can be read."""
        revision = reading.table(revision_table)
        row = reading.first(sa.select(revision.c.seq).where(revision.c.digest == digest).order_by(revision.c.seq))
        return self._readable(row)

    def composed(self, central: Configuration | None, pipeline: str | None) -> Configuration | None:
        """A configuration with all of a repository's pipeline; the configuration itself where none is named."""
        if central is None or pipeline is None:
            return central
        return self._composed(central, pipeline, allowed=False)

    def allowed(self, central: Configuration | None, pipeline: str | None) -> Configuration | None:
        """A configuration with what it allows of a repository's pipeline."""
        if central is None or pipeline is None:
            return central
        return self._composed(central, pipeline, allowed=True)

    def pipeline(self, digest: str) -> Configuration | None:
        """What a repository's pipeline itself defines; None for one that can't be read."""
        try:
            return self._configurations.pipeline(digest)
        except UnreadablePipelineError:
            return None

    def _composed(self, central: Configuration, pipeline: str, *, allowed: bool) -> Configuration | None:
        try:
            return self._configurations.composed(central, pipeline, allowed=allowed)
        except UnreadablePipelineError:
            return None

    def at(self, position: int) -> Configuration:
        """The configuration that the fact at this position brought into force.

        Raises:
            UnreadableConfigurationError: its format is unknown.
        """
        return self._configurations.at(position)

    def text_at(self, position: int) -> str:
        """The text of the configuration that the fact at this position brought into force."""
        return self._configurations.text_at(position)

    def _readable(self, row: sa.Row[Any] | None) -> Configuration | None:
        """What is known without it is answered all the same; that it can't be read stands in the server's health."""
        try:
            return None if row is None else self._configurations.at(row.seq)
        except UnreadableConfigurationError:
            return None
