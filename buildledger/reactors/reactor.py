"""The interface between the runner and its reactors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, NamedTuple, Protocol
from uuid import UUID

from buildledger.domain.command import Command
from buildledger.domain.refusals import Refusal
from buildledger.events.fact import Fact, Recorded
from buildledger.ledger.errors import LedgerUnavailable

Fold = Callable[[Recorded, Any], None]
"""Updates a reactor's state by one fact; called with the recorded fact, and with the fact itself to spare a look-up."""


class CommandBatch(NamedTuple):
    """Commands that are executed in one transaction: all of them, or none."""

    commands: tuple[Command, ...]
    subject: UUID | str
    """What the batch is about; given back to the reactor if the rules refuse the batch."""
    causation_id: UUID | None = None
    correlation_id: UUID | None = None


class Reactor(Protocol):
    """Turns facts into commands for one concern. Its state, like the shared state, is a fold of the facts."""

    name: str

    def folds(self) -> Mapping[type[Fact], Fold]:
        """The facts that it folds, and by which functions, called in ledger order after the shared state's."""
        ...

    def begin(self, now: datetime) -> None:
        """Start from the shared state, when all known facts are folded: at the start, and when the clock was set.

        Nothing in the shared state lies after `now`; times that were computed before don't hold any more.
        """
        ...

    def react(self, now: datetime) -> list[CommandBatch]:
        """The commands that are left to do; the facts of earlier batches are folded before this is called again."""
        ...

    def refused(self, subject: UUID | str, why: Refusal | LedgerUnavailable) -> None:
        """Look again at the subject of a batch that was refused; the facts that made the rules refuse it are folded."""
        ...

    def decided_nothing(self, subject: UUID | str) -> None:
        """Take for done what the batch of a subject asked for: all of it was so already, and no fact will say so."""
        ...

    def next_at(self) -> datetime | None:
        """When `react` has to be called though no fact comes; None if no time is waited for."""
        ...
