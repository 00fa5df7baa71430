"""All views of a process, each in the generation that is in use."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import sqlalchemy as sa

from buildledger.ledger.errors import StoreError
from buildledger.ledger.store import FactStore
from buildledger.projections.origin import is_of, newest_of
from buildledger.projections.progress import ProjectionProgress
from buildledger.projections.projection import Projection
from buildledger.projections.reading import Reading, read
from buildledger.projections.registry import PROJECTIONS
from buildledger.projections.storage import DELETE_VIEWS, ViewStorage
from buildledger.projections.view import View

LOOK_SECONDS = 0.05
"""How often a process that feeds no view itself looks how far the others have come."""

_log = logging.getLogger(__name__)


class Views:
    """The way to read rows. Thread-safe."""

    def __init__(self, storage: ViewStorage, projections: Sequence[Projection] = PROJECTIONS) -> None:
        """Open all of them.

        Raises:
            StoreError: One can't be opened.
        """
        self.storage = storage
        self.projections = tuple(projections)
        self.progress = ProjectionProgress()
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._follower: threading.Thread | None = None
        self._replaced: list[View] = []
        self._views: dict[str, View] = {}
        for projection in self.projections:
            generation = storage.current(projection)
            try:
                self._views[projection.NAME] = storage.open(projection, generation)
            except sa.exc.SQLAlchemyError as error:
                said = str(getattr(error, "orig", None) or error).split("\n")[0]
                raise StoreError(f"the read model {projection.NAME} can't be opened: {said}; {DELETE_VIEWS}") from error
            for stale in storage.generations(projection):
                if stale < generation:
                    storage.drop(projection, stale)

    def make_foreign_anew(self, store: FactStore) -> None:
        """Empty those that weren't made of this ledger, or of more than there is of it, and mark all as made of it.

        Before anything feeds or reads them, and where no other process does.

        Raises:
            StoreError
        """
        for name, view in list(self._views.items()):
            if not is_of(store, view.origin(), view.position()):
                _log.warning(
                    "the read model %s was made of another ledger, or of facts that the ledger hasn't got: it is made"
                    " anew",
                    name,
                )
                view.close()
                self.storage.drop(view.projection, view.generation)
                self._views[name] = self.storage.open(view.projection, view.generation)
        self.mark(store)

    def mark(self, store: FactStore) -> None:
        """Keep with each by which fact the ledger that it is made of can be told from others.

        Raises:
            StoreError
        """
        newest = newest_of(store)
        if newest is not None:
            for view in self._views.values():
                view.save_origin(newest)

    def view(self, name: str) -> View:
        """The view of this name, in the generation that is in use."""
        return self._views[name]

    @contextmanager
    def read(self, as_of: int | None, *names: str) -> Iterator[tuple[Reading, ...]]:
        """Readings of these views at one position: `as_of`, or the last that all of them have reached.

        Raises:
            PositionAhead
        """
        with read(as_of, *(self._views[name] for name in names)) as readings:
            yield readings

    def follow_switch(self, name: str) -> bool:
        """Open the generation that has taken the view's place, if one has; whoever reads the former may finish."""
        former = self._views[name]
        generation = self.storage.current(former.projection)
        if generation == former.generation:
            return False
        with self._lock:
            self._views[name] = self.storage.open(former.projection, generation)
            self._replaced.append(former)
        return True

    def follow_others(self) -> None:
        """Keep `progress` up to date in a process that feeds no view itself, until the views are closed."""
        if self._follower is not None:
            return
        self._follower = threading.Thread(target=self._look_often, name="views", daemon=True)
        self._follower.start()

    def _look_often(self) -> None:
        away = False
        while not self._closing.wait(LOOK_SECONDS):
            try:
                for projection in self.projections:
                    self.follow_switch(projection.NAME)
                self.progress.publish(min(view.stored_position() for view in self._views.values()))
                if away:
                    _log.warning("the read models can be read again")
                away = False
            except sa.exc.DBAPIError as error:
                if not away:
                    _log.warning("the read models can't be read: %s", error)
                away = True

    def close(self) -> None:
        """Give all connections back."""
        self._closing.set()
        if self._follower is not None:
            self._follower.join()
        self.progress.close()
        with self._lock:
            for view in (*self._views.values(), *self._replaced):
                view.close()
        self.storage.close()
