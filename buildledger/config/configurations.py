"""Every configuration that was ever applied, decoded when somebody asks for it and kept for whoever asks next.

There is one `Configurations` per server process, made by `composition` and given to all who need one: reactors, API,
pollers, gateway. It stands in this room, below the ledger, because it needs nothing of the ledger but the fact at a
position. Which configuration is *in force* depends on how far in the ledger somebody has read, so each follower has an
`AppliedConfigurations` of its own; it holds positions and digests, no copies.
"""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Collection

from buildledger.config.pipelines.effective import compose, compose_allowed, refusal
from buildledger.config.resolved import Configuration
from buildledger.config.stored import read_configuration
from buildledger.events.config import ConfigApplied
from buildledger.events.fact import Recorded
from buildledger.events.stored_format import UnreadableTextError

COMPOSED_MAX = 256
"""Configurations that are kept with a repository's pipeline: they share all but what the pipeline adds."""
DECODED_MAX = 8
"""Decoded configurations that are kept."""
DECODED_BYTES = 64 << 20
"""What the texts of those may have together, if they are more than one; decoded they take some five times as much."""


class UnreadableConfigurationError(ValueError):
    """The configuration that was applied at a position is in no format that this version reads."""

    def __init__(self, position: int, cause: UnreadableTextError) -> None:
        super().__init__(f"the configuration applied at position {position} can't be used: {cause}")
        self.position = position
        self.format = cause.number


class UnreadablePipelineError(ValueError):
    """A pipeline that a request or a build names can't be used."""

    def __init__(self, digest: str, cause: str) -> None:
        super().__init__(f"the pipeline {digest[:12]} of a repository can't be used: {cause}")


_log = logging.getLogger(__name__)


class Configurations:
    """Configurations by the position of the fact that applied them.

    Thread-safe. The first use of a configuration blocks while it is read and decoded (a few milliseconds; a large one
    takes tenths of a second); two threads that ask at the same time may both decode it.
    """

    def __init__(
        self,
        fact_at: Callable[[int], Recorded],
        decoded_max: int = DECODED_MAX,
        decoded_bytes: int = DECODED_BYTES,
        *,
        pipeline_text: Callable[[str], str] | None = None,
        composed_max: int = COMPOSED_MAX,
    ) -> None:
        """`fact_at` reads the fact at a position of the ledger, `pipeline_text` the text of a pipeline by its digest.

        Both may block. Without the second there are no pipelines.
        """
        self._decoded_bytes = decoded_bytes
        self._fact_at = fact_at
        self._pipeline_text = pipeline_text
        self._composed_max = composed_max
        self._composed: OrderedDict[tuple[str, str, bool], Configuration] = OrderedDict()
        self._decoded_max = decoded_max
        self._decoded: OrderedDict[int, Configuration] = OrderedDict()
        self._sizes: dict[int, int] = {}
        self._digests: dict[int, str] = {}
        self._lock = threading.Lock()

    def at(self, position: int) -> Configuration:
        """The configuration that the fact at this position applied.

        Raises:
            UnreadableConfigurationError: its format is unknown; names the position and the format.
        """
        with self._lock:
            if (known := self._decoded.get(position)) is not None:
                self._decoded.move_to_end(position)
                return known
        text = self.text_at(position)
        try:
            made = read_configuration(text)
        except UnreadableTextError as error:
            raise UnreadableConfigurationError(position, error) from error
        with self._lock:
            self._decoded[position] = made
            self._sizes[position] = len(text)
            while len(self._decoded) > 1 and self._is_too_much():
                oldest, _ = self._decoded.popitem(last=False)
                del self._sizes[oldest]
        return made

    def _is_too_much(self) -> bool:
        return len(self._decoded) > self._decoded_max or sum(self._sizes.values()) > self._decoded_bytes

    def composed(self, central: Configuration, pipeline: str, *, allowed: bool) -> Configuration:
        """A configuration with the pipeline of this digest; with `allowed` only what it allows of that one.

        Raises:
            UnreadablePipelineError: the pipeline's format is unknown, or there is no such pipeline.
        """
        key = (central.digest, pipeline, allowed)
        with self._lock:
            if (known := self._composed.get(key)) is not None:
                self._composed.move_to_end(key)
                return known
        make = compose_allowed if allowed else compose
        made = make(central, self.pipeline(pipeline))
        with self._lock:
            self._composed[key] = made
            while len(self._composed) > self._composed_max:
                self._composed.popitem(last=False)
        return made

    def refusal(self, central: Configuration, pipeline: str, builder: str) -> str | None:
        """Why a configuration doesn't allow a builder of a pipeline; None if it does, or there is no such builder."""
        try:
            defined = self.pipeline(pipeline)
        except UnreadablePipelineError as error:
            return str(error)
        found = defined.builders.get(builder)
        return None if found is None else refusal(central, defined, found)

    def pipeline(self, digest: str) -> Configuration:
        """The pipeline with this digest: a configuration that has nothing but builders and triggers.

        Raises:
            UnreadablePipelineError
        """
        if self._pipeline_text is None:
            raise UnreadablePipelineError(digest, "there are no pipelines here")
        try:
            return read_configuration(self._pipeline_text(digest))
        except (KeyError, UnreadableTextError) as error:
            raise UnreadablePipelineError(digest, str(error)) from error

    def text_at(self, position: int) -> str:
        """The text of that configuration as it is stored."""
        return self._applied_at(position).text

    def digest_at(self, position: int) -> str:
        """The digest of that configuration as it is stored; the fact, which may be large, is read once for it."""
        known = self._digests.get(position)
        return self._applied_at(position).digest if known is None else known

    def _applied_at(self, position: int) -> ConfigApplied:
        fact = self._fact_at(position).fact
        assert isinstance(fact, ConfigApplied)
        self._digests[position] = fact.digest
        return fact


class AppliedConfigurations:
    """Which configuration is in force for a follower of the ledger, and where earlier ones were applied.

    For one thread or event loop. `apply` decodes nothing: a follower that reads through history passes over
    configurations that nobody can read any more.
    """

    def __init__(self, configurations: Configurations) -> None:
        self._configurations = configurations
        self._positions: dict[str, int] = {}
        self._current: Configuration | None = None
        """The decoded configuration in force: it stays at hand whatever the others read."""
        self.digest: str | None = None
        """The digest of the configuration in force; None before the first."""
        self._unreadable: UnreadableConfigurationError | None = None

    def apply(self, position: int, digest: str) -> None:
        """Note that the fact at this position put the configuration with this digest in force."""
        self._positions[digest] = position
        self.digest, self._current, self._unreadable = digest, None, None

    @property
    def current(self) -> Configuration | None:
        """The configuration in force; None before the first, and while it is one that can't be read.

        Nothing new is begun then, and whoever follows goes on: see `unreadable`.
        """
        if self._current is None and self.digest is not None and self._unreadable is None:
            try:
                self._current = self._configurations.at(self._positions[self.digest])
            except UnreadableConfigurationError as error:
                self._unreadable = error
        return self._current

    @property
    def unreadable(self) -> UnreadableConfigurationError | None:
        """Why the configuration in force can't be read; None if it can, or there is none."""
        return self._unreadable if self.current is None else None

    def in_force(self, pipeline: str | None) -> Configuration | None:
        """The configuration in force, with what it allows of a pipeline; None where there is no configuration.

        Without the pipeline's builders if that can't be read.
        """
        current = self.current
        if current is None or pipeline is None:
            return current
        try:
            return self._configurations.composed(current, pipeline, allowed=True)
        except UnreadablePipelineError as error:
            _log.error("%s", error)
            return current

    def refusal(self, pipeline: str, builder: str) -> str | None:
        """Why the configuration in force doesn't allow a builder of a pipeline; None if it does, or nobody knows."""
        current = self.current
        return None if current is None else self._configurations.refusal(current, pipeline, builder)

    def of(self, digest: str, pipeline: str | None) -> Configuration:
        """What a build is pinned to: the configuration with this digest, and a pipeline if its builder is in one.

        Raises:
            KeyError: it was never applied.
            UnreadableConfigurationError: its format is unknown.
            UnreadablePipelineError: the pipeline's is.
        """
        if digest == self.digest and (current := self.current) is not None:
            central = current
        else:
            central = self._configurations.at(self._positions[digest])
        return central if pipeline is None else self._configurations.composed(central, pipeline, allowed=False)

    def positions(self, pinned: Collection[str]) -> dict[str, int]:
        """Where the configuration in force and those with these digests were applied, for a checkpoint."""
        return {digest: at for digest, at in self._positions.items() if digest in pinned or digest == self.digest}

    def restore(self, positions: dict[str, int], digest: str | None) -> None:
        """Take over the content of a checkpoint."""
        self._positions, self.digest, self._current, self._unreadable = dict(positions), digest, None, None
