"""What a reactor is to the runner."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, NamedTuple, Protocol
from uuid import UUID

from buildledger.domain.command import Command
from buildledger.events.fact import Fact, Recorded

Fold = Callable[[Recorded, Any], None]
"""Takes a fact into a reactor's memory; is given the fact apart, so that it needn't be looked up again."""


class CommandBatch(NamedTuple):
    """Commands that belong together: all are kept, or none."""

    commands: tuple[Command, ...]
    subject: UUID | str
    """What the reactor looks at again if the rules refuse."""
    causation_id: UUID | None = None
    correlation_id: UUID | None = None


class Reactor(Protocol):
    """One concern. Its memory, beside the work that all share, is a fold too."""

    name: str

    def folds(self) -> Mapping[type[Fact], Fold]:
        """Which facts it takes in, and how; called in the order of the ledger, after the shared work has them."""
        ...

    def begin(self, now: datetime) -> None:
        """Start from the shared work as it stands; called once, when all known facts are folded."""
        ...

    def react(self, now: datetime) -> list[CommandBatch]:
        """What is left to do; the facts of earlier batches are folded by the time this is asked."""
        ...

    def refused(self, subject: UUID | str) -> None:
        """A batch was refused, because something happened that is folded by now: look again."""
        ...

    def next_at(self) -> datetime | None:
        """When to ask again even if nothing happens; None: there is nothing to wait for."""
        ...
