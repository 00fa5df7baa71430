"""The thread that feeds every projection: one way through the ledger, each fact decoded once for all."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import sqlalchemy as sa

from buildledger.events.fact import Recorded
from buildledger.ledger.follow import Tail
from buildledger.ledger.ledger import Ledger
from buildledger.ledger.reader import PositionConflict
from buildledger.projections.projection import Projection
from buildledger.projections.view import View
from buildledger.projections.views import Views

BATCH_FACTS = 1_000
SWITCH_SECONDS = 1.0
"""How often it is asked, at the most, whether a rebuilt generation has taken a view's place."""
RETRY_SECONDS = 1.0
"""Between two attempts while the database of a view is away."""
REST = 4.0
"""How many times as long as its work the thread rests after a batch that wasn't full. A single fact is shown at once;
while many come, batches grow with their number and the fixed costs of a batch don't."""
REST_MAX_SECONDS = 0.025
UNSAVED_FACTS = 5_000
"""Facts that a view may have passed over without writing its position."""

ReaderStatus = Literal["following", "stopped"]
_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class ReaderState:
    """How far a projection has come, and whether it works."""

    name: str
    position: int
    status: ReaderStatus
    error: str | None


class Projector:
    """Feeds all views of a process. A view whose projection fails stops where it is; the others go on without it."""

    def __init__(self, ledger: Ledger, views: Views) -> None:
        self._ledger = ledger
        self._views = views
        self._feeds = [_Feed(views, projection) for projection in views.projections]
        self._closing = threading.Event()
        self._tail: Tail | None = None
        self._thread = threading.Thread(target=self._run, name="projector", daemon=True)

    def start(self) -> None:
        """Start the thread that follows the ledger."""
        self._publish()
        self._thread.start()

    def close(self) -> None:
        """Stop after the batch at hand; blocks until done."""
        self._closing.set()
        tail = self._tail
        if tail is not None:
            tail.close()
        if self._thread.is_alive():
            self._thread.join()
        for feed in self._feeds:
            feed.save()
        self._views.progress.close()

    def states(self) -> list[ReaderState]:
        """The state of each projection, for the health page."""
        return [feed.state() for feed in self._feeds]

    def catch_up(self) -> None:
        """Feed everything there is, in the calling thread, instead of `start`: for tools and tests."""
        head = self._ledger.head()
        while (after := self._lowest()) < head and not all(feed.error for feed in self._feeds):
            self._feed(self._ledger.read(after, BATCH_FACTS))

    def _run(self) -> None:
        while not self._closing.is_set():
            self._tail = tail = self._ledger.tail(BATCH_FACTS)
            if self._closing.is_set():
                return
            try:
                for batch in tail.after_blocking(self._lowest()):
                    began = time.monotonic()
                    if self._feed(batch):
                        break
                    if len(batch) < BATCH_FACTS:
                        self._closing.wait(min(REST * (time.monotonic() - began), REST_MAX_SECONDS))
                else:
                    return
            except Exception:
                _log.exception("the ledger can't be followed; the views stand still until it can")
            self._closing.wait(RETRY_SECONDS)

    def _lowest(self) -> int:
        positions = [feed.view.position() for feed in self._feeds if feed.error is None]
        return min(positions) if positions else self._ledger.head()

    def _feed(self, batch: Sequence[Recorded]) -> bool:
        """Whether the way has to begin anew, because a view stands behind where this batch began."""
        behind = False
        for feed in self._feeds:
            behind |= feed.take(batch)
        self._publish()
        return behind

    def _publish(self) -> None:
        self._views.progress.publish(self._lowest())


class _Feed:
    """One projection and its view, as the thread feeds it: where it stands and why it stopped."""

    def __init__(self, views: Views, projection: Projection) -> None:
        self._views = views
        self._projection = projection
        self._looked_at = 0.0
        self._written = self.view.position()
        self.error: str | None = None
        self._away = False

    @property
    def view(self) -> View:
        return self._views.view(self._projection.NAME)

    def state(self) -> ReaderState:
        status: ReaderStatus = "following" if self.error is None and not self._away else "stopped"
        error = self.error or ("its database is away; it tries again" if self._away else None)
        return ReaderState(name=self._projection.NAME, position=self.view.position(), status=status, error=error)

    def take(self, batch: Sequence[Recorded]) -> bool:
        """Apply what is new to it; whether it stands behind the batch and needs earlier facts first."""
        if self.error is not None:
            return False
        try:
            switched = self._follow_switch()
            position = self.view.position()
            if position >= batch[-1].position:
                return False
            if position < batch[0].position - 1:
                return True
            new = batch if position < batch[0].position else batch[position - batch[0].position + 1 :]
            self.view.apply(position, new)
            if batch[-1].position - self._written > UNSAVED_FACTS:
                self.save()
            self._away = False
        except PositionConflict:
            self._recover()
            return True
        except (sa.exc.OperationalError, sa.exc.InterfaceError) as error:
            if not self._away:
                _log.warning("view %s: its database is away: %s", self._projection.NAME, error)
            self._away = True
            self._recover()
            return True
        except Exception as error:
            _log.exception("projection %s stops at position %d", self._projection.NAME, self.view.position())
            self.error = f"{type(error).__name__}: {error}"
            return False
        return switched

    def save(self) -> None:
        """Write the position, if nobody else has moved it."""
        try:
            self.view.save_position()
            self._written = self.view.position()
        except (PositionConflict, sa.exc.DBAPIError) as error:
            _log.warning("view %s: its position could not be saved: %s", self._projection.NAME, error)

    def _follow_switch(self) -> bool:
        now = time.monotonic()
        if now - self._looked_at < SWITCH_SECONDS:
            return False
        self._looked_at = now
        return self._views.follow_switch(self._projection.NAME)

    def _recover(self) -> None:
        try:
            self.view.recover()
        except (sa.exc.OperationalError, sa.exc.InterfaceError):
            self._away = True
