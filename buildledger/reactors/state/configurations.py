"""The configuration in force, and those under which running builds were assigned."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Collection

from buildledger.config.resolved import Configuration
from buildledger.config.stored import read_configuration
from buildledger.events.config import ConfigApplied

PARSED_CONFIGURATIONS = 8
"""Decoded configurations that are kept; others are read from the ledger again."""


class Configurations:
    """Configurations by their digest."""

    def __init__(self, text_at: Callable[[int], str]) -> None:
        self._text_at = text_at
        """Reads the text of the configuration that was applied at a position of the ledger; blocks."""
        self._positions: dict[str, int] = {}
        self._parsed: OrderedDict[str, Configuration] = OrderedDict()
        self.digest: str | None = None
        """The digest of the configuration in force; None before the first."""

    def apply(self, position: int, applied: ConfigApplied) -> None:
        """Take over a configuration that comes into force."""
        self._positions[applied.digest] = position
        self.digest = applied.digest
        self._keep(applied.digest, applied.text)

    @property
    def current(self) -> Configuration | None:
        """The configuration in force; None before the first."""
        return None if self.digest is None else self.of(self.digest)

    def of(self, digest: str) -> Configuration:
        """The configuration with this digest.

        Raises:
            KeyError: it was never applied.
        """
        parsed = self._parsed.get(digest)
        if parsed is None:
            return self._keep(digest, self._text_at(self._positions[digest]))
        self._parsed.move_to_end(digest)
        return parsed

    def positions(self, pinned: Collection[str]) -> dict[str, int]:
        """Where the configuration in force and those with these digests were applied, for a checkpoint."""
        return {digest: at for digest, at in self._positions.items() if digest in pinned or digest == self.digest}

    def restore(self, positions: dict[str, int], digest: str | None) -> None:
        """Take over the content of a checkpoint."""
        self._positions, self.digest = dict(positions), digest

    def _keep(self, digest: str, text: str) -> Configuration:
        parsed = self._parsed[digest] = read_configuration(text)
        self._parsed.move_to_end(digest)
        while len(self._parsed) > PARSED_CONFIGURATIONS:
            self._parsed.popitem(last=False)
        return parsed
