"""The configuration that was in force at a position, decoded once for each revision."""

from __future__ import annotations

import threading
from collections import OrderedDict

import sqlalchemy as sa

from buildledger.config.resolved import Configuration
from buildledger.events.config import ConfigApplied
from buildledger.ledger.ledger import Ledger
from buildledger.projections.reading import Reading
from buildledger.projections.revisions import revision as revision_table

DECODED_MAX = 8
"""Large ones take tens of megabytes each."""


class Configurations:
    """Reads configurations out of the ledger and keeps the last used ones decoded. Thread-safe."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._decoded: OrderedDict[int, Configuration] = OrderedDict()
        self._lock = threading.Lock()

    def in_force(self, reading: Reading) -> Configuration | None:
        """The one in force at the reading's position; None before the first."""
        revision = reading.table(revision_table)
        row = reading.first(sa.select(revision.c.seq).order_by(revision.c.seq.desc()))
        return None if row is None else self.at(row.seq)

    def with_digest(self, reading: Reading, digest: str) -> Configuration | None:
        """The one with this digest, if it was ever in force until the reading's position."""
        revision = reading.table(revision_table)
        row = reading.first(sa.select(revision.c.seq).where(revision.c.digest == digest).order_by(revision.c.seq))
        return None if row is None else self.at(row.seq)

    def at(self, position: int) -> Configuration:
        """The one that the fact at this position brought into force."""
        with self._lock:
            held = self._decoded.get(position)
            if held is not None:
                self._decoded.move_to_end(position)
                return held
        made = Configuration.from_json(self.text_at(position))
        with self._lock:
            self._decoded[position] = made
            while len(self._decoded) > DECODED_MAX:
                self._decoded.popitem(last=False)
        return made

    def text_at(self, position: int) -> str:
        """The canonical text of the configuration that the fact at this position brought into force."""
        fact = self._ledger.read(position - 1, 1)[0].fact
        assert isinstance(fact, ConfigApplied)
        return fact.text
