"""What all reactors remember, as one fold of the ledger's facts with one checkpoint."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec

from buildledger.events.fact import Fact, Recorded
from buildledger.reactors.reactor import Fold, Reactor
from buildledger.reactors.state.shared import SharedState, Snapshot
from buildledger.reactors.triggers.triggering import Triggering


class CheckpointState(msgspec.Struct, kw_only=True):
    """The state of all reactors, as a checkpoint holds it."""

    work: Snapshot
    triggering: bytes


class ReactorFold:
    """The shared state and the reactors' own; a `CheckpointedFold`."""

    NAME = "reactors"
    VERSION = 15

    def __init__(
        self, shared: SharedState, triggering: Triggering, reactors: Sequence[Reactor], folded: Callable[[], None]
    ) -> None:
        """The shared state folds each fact before the reactors do; `folded` is called after each batch."""
        self._shared = shared
        self._triggering = triggering
        self._table = _table([shared.folds(), triggering.folds(), *(reactor.folds() for reactor in reactors)])
        self._folded = folded

    def checkpoint_state(self) -> CheckpointState:
        """The present state, as a checkpoint holds it."""
        return CheckpointState(work=self._shared.snapshot(), triggering=self._triggering.snapshot())

    def restore(self, state: bytes) -> None:
        """See `CheckpointedFold`."""
        restored = msgspec.msgpack.decode(state, type=CheckpointState)
        self._shared.restore(restored.work)
        self._triggering.restore(restored.triggering)

    def snapshot(self) -> bytes:
        """See `CheckpointedFold`."""
        return msgspec.msgpack.encode(self.checkpoint_state())

    def apply(self, recorded: Recorded) -> None:
        """See `CheckpointedFold`."""
        fact = recorded.fact
        for fold in self._table.get(type(fact), ()):
            fold(recorded, fact)

    def batch_applied(self) -> None:
        """See `CheckpointedFold`."""
        self._folded()


def _table(folds: Iterable[Any]) -> dict[type[Fact], tuple[Fold, ...]]:
    table: dict[type[Fact], tuple[Fold, ...]] = {}
    for each in folds:
        for fact, fold in each.items():
            table[fact] = (*table.get(fact, ()), fold)
    return table
