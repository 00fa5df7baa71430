"""The configurations that a reading of the read models knows."""

from __future__ import annotations

import sqlalchemy as sa

from buildledger.config.configurations import Configurations
from buildledger.config.resolved import Configuration
from buildledger.projections.reading import Reading
from buildledger.projections.revisions import revision as revision_table


class ConfigurationQueries:
    """Finds by the rows of a reading which configuration is meant, and reads it. Thread-safe."""

    def __init__(self, configurations: Configurations) -> None:
        self._configurations = configurations

    def in_force(self, reading: Reading) -> Configuration | None:
        """The one in force at the reading's position; None before the first."""
        revision = reading.table(revision_table)
        row = reading.first(sa.select(revision.c.seq).order_by(revision.c.seq.desc()))
        return None if row is None else self._configurations.at(row.seq)

    def with_digest(self, reading: Reading, digest: str) -> Configuration | None:
        """The one with this digest, if it was ever in force until the reading's position."""
        revision = reading.table(revision_table)
        row = reading.first(sa.select(revision.c.seq).where(revision.c.digest == digest).order_by(revision.c.seq))
        return None if row is None else self._configurations.at(row.seq)

    def text_at(self, position: int) -> str:
        """The text of the configuration that the fact at this position brought into force."""
        return self._configurations.text_at(position)
