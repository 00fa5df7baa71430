"""Batches that the rules refuse again and again: each is held back alone, and all else goes on."""

from __future__ import annotations

import logging
from collections import Counter
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from buildledger.domain.refusals import Refusal
from buildledger.reactors.reactor import CommandBatch, Reactor

MAX_REFUSALS = 3
"""How often one batch may be refused while no fact comes; more means that state and rules contradict each other."""
TRIED_AGAIN_AFTER = timedelta(minutes=5)
"""When a batch that was held back is tried once more: the cause may have passed."""

Key = tuple[str, UUID | str]

_log = logging.getLogger(__name__)


class Contradiction(NamedTuple):
    """A batch that is held back."""

    reactor: Reactor
    subject: UUID | str
    refusal: Refusal
    said: str
    """What is wrong, for people."""
    again_at: datetime


class Contradictions:
    """Tells a refusal that comes of a race from one that would come for ever."""

    def __init__(self) -> None:
        self._refusals: Counter[Key] = Counter()
        self._head = 0
        self._held: dict[Key, Contradiction] = {}
        self._told: set[Key] = set()
        """Those that have been logged; one that is tried again in vain is no news."""

    @property
    def said(self) -> list[str]:
        """What is held back and why, a line each, for people."""
        return [each.said for each in self._held.values()]

    def holds(self, reactor: Reactor, batch: CommandBatch) -> bool:
        """Whether a batch must not be executed for the moment."""
        return (reactor.name, batch.subject) in self._held

    def refused(self, reactor: Reactor, batch: CommandBatch, refusal: Refusal, head: int, now: datetime) -> bool:
        """Count a refusal at a head of the ledger; gives whether the batch is held back from now on."""
        if head != self._head:
            self._refusals.clear()
            self._head = head
        key = (reactor.name, batch.subject)
        self._refusals[key] += 1
        if self._refusals[key] <= MAX_REFUSALS:
            _log.info("%s was refused, because something else came first: %s", reactor.name, refusal)
            return False
        command = type(batch.commands[0]).__name__
        said = f"{reactor.name} wants {command} of {batch.subject} again and again, and is refused: {refusal}"
        self._held[key] = Contradiction(reactor, batch.subject, refusal, said, now + TRIED_AGAIN_AFTER)
        if key not in self._told:
            self._told.add(key)
            _log.error("%s; this is held back, the rest goes on", said)
        del self._refusals[key]
        return True

    def executed(self, reactor: Reactor, batch: CommandBatch) -> None:
        """Note that a batch was accepted."""
        key = (reactor.name, batch.subject)
        if self._told and key in self._told:
            self._told.discard(key)
            _log.info("%s can do what it wants of %s", reactor.name, batch.subject)

    def due(self, now: datetime) -> list[Contradiction]:
        """What is to be tried again at this time; it isn't held back any more."""
        due = [(key, each) for key, each in self._held.items() if each.again_at <= now]
        for key, _ in due:
            del self._held[key]
        return [each for _, each in due]

    def next_at(self) -> datetime | None:
        """When something is to be tried again; None if nothing is held back."""
        return min((each.again_at for each in self._held.values()), default=None)
