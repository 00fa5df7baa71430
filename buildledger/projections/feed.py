"""One projection and its view, as the projector feeds it: where it stands, what it set aside, and what it waits for."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from buildledger.events.fact import Recorded
from buildledger.ledger.ledger import Ledger
from buildledger.ledger.reader import PositionConflict
from buildledger.ledger.skipping import SKIPPED_MAX, is_passing, reason_of, skip, wait_seconds
from buildledger.ledger.submission import Origin
from buildledger.projections.projection import Projection
from buildledger.projections.view import View
from buildledger.projections.views import Views

SWITCH_SECONDS = 1.0
"""How often it is asked, at the most, whether a rebuilt generation has taken a view's place."""
UNSAVED_FACTS = 5_000
"""Facts that a view may have passed over without writing its position."""
CONTRADICTED_WAIT_SECONDS = 60.0
"""Between two attempts of a projection that has set too many facts aside."""

ReaderStatus = Literal["following", "stopped"]
_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class ReaderState:
    """How far a projection has come, and whether it works."""

    name: str
    position: int
    status: ReaderStatus
    error: str | None


def apply_one_by_one(view: View, facts: Sequence[Recorded], set_aside: Callable[[Recorded, Exception], None]) -> None:
    """Apply facts each in a transaction of its own; go on without those that the projection can't hold.

    Raises:
        PositionConflict
        Exception: A cause that passes, or what `set_aside` raises.
    """
    for fact in facts:
        try:
            view.apply(view.position(), [fact])
        except PositionConflict:
            raise
        except Exception as error:
            if is_passing(error):
                raise
            view.recover()
            set_aside(fact, error)
            view.pass_over(fact.position)


class TooManySkipped(Exception):  # noqa: N818 - the state of the reader, as health shows it
    """So many facts were set aside that the projection must be wrong and not the facts."""


class Feed:
    """Takes batches, in order and maybe some of them again, for one view. Used by one thread."""

    def __init__(
        self, ledger: Ledger, views: Views, projection: Projection, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._ledger = ledger
        self._views = views
        self._projection = projection
        self._now = now
        self._looked_at = 0.0
        self._written = self.view.position()
        self._careful_until = 0
        """Up to here facts are taken one by one, for one among them can't be held."""
        self._skipped = 0
        self._failures = 0
        self._error: str | None = None
        self.retry_at: float | None = None
        """When it tries again; None: it waits for nothing."""

    @property
    def view(self) -> View:
        """Its view, in the generation that is in use."""
        return self._views.view(self._projection.NAME)

    @property
    def resting(self) -> bool:
        """Whether it isn't to be given anything for the moment."""
        return self.retry_at is not None and self._now() < self.retry_at

    def state(self) -> ReaderState:
        """How far it has come, and whether it works."""
        status: ReaderStatus = "following" if self._error is None else "stopped"
        return ReaderState(name=self._projection.NAME, position=self.view.position(), status=status, error=self._error)

    def take(self, batch: Sequence[Recorded]) -> bool:
        """Apply what is new; whether the way has to begin anew, from where it stands or without it for a while."""
        if self.resting:
            return False
        try:
            switched = self._follow_switch()
            position = self.view.position()
            if position >= batch[-1].position:
                return False
            if position < batch[0].position - 1:
                return True
            new = batch if position < batch[0].position else batch[position - batch[0].position + 1 :]
            self._apply(new)
            if batch[-1].position - self._written > UNSAVED_FACTS:
                self.save()
        except PositionConflict:
            self._recover()
            return True
        except Exception as error:
            if is_passing(error) or isinstance(error, TooManySkipped):
                self._wait(error)
            else:
                self._careful_until = batch[-1].position
                _log.warning("view %s fails up to %d: %s", self._projection.NAME, self._careful_until, error)
            self._recover()
            return True
        self._error, self.retry_at, self._failures = None, None, 0
        return switched

    def save(self) -> None:
        """Write the position, if nobody else has moved it."""
        try:
            self.view.save_position()
            self._written = self.view.position()
        except Exception as error:
            _log.warning("view %s: its position could not be saved: %s", self._projection.NAME, error)

    def _apply(self, facts: Sequence[Recorded]) -> None:
        view = self.view
        if facts[0].position > self._careful_until:
            view.apply(view.position(), facts)
            return
        apply_one_by_one(view, facts, self._set_aside)

    def _set_aside(self, fact: Recorded, error: Exception) -> None:
        """Record that the view goes on without a fact; durable when it returns."""
        name = self._projection.NAME
        if self._skipped >= SKIPPED_MAX:
            msg = f"{SKIPPED_MAX} facts were set aside, so the projection itself is wrong: {reason_of(error)}"
            raise TooManySkipped(msg) from error
        _log.error("view %s sets the fact at position %d aside: %s", name, fact.position, error, exc_info=error)
        command = skip(name, self._projection.VERSION, fact, error)
        if command is not None:
            self._ledger.execute_blocking(command, origin=Origin(actor="system"))
        self._skipped += 1

    def _wait(self, error: Exception) -> None:
        """Stand still for a while, longer each time."""
        if self._error is None:
            _log.warning("view %s stands still and tries again: %s", self._projection.NAME, error)
        self._failures += 1
        seconds = CONTRADICTED_WAIT_SECONDS if isinstance(error, TooManySkipped) else wait_seconds(self._failures)
        self._error, self.retry_at = reason_of(error), self._now() + seconds

    def _follow_switch(self) -> bool:
        now = self._now()
        if now - self._looked_at < SWITCH_SECONDS:
            return False
        self._looked_at = now
        return self._views.follow_switch(self._projection.NAME)

    def _recover(self) -> None:
        try:
            self.view.recover()
        except Exception as error:
            self._wait(error)
