"""The thread that feeds every projection: one way through the ledger, each fact decoded once for all."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence

from buildledger.events.fact import Recorded
from buildledger.ledger.follow import Tail
from buildledger.ledger.ledger import Ledger
from buildledger.ledger.skipping import reason_of, traced, wait_seconds
from buildledger.projections.feed import Feed, ReaderState
from buildledger.projections.views import Views

BATCH_FACTS = 1_000
REST = 4.0
"""How many times as long as its work the thread rests after a batch that wasn't full. A single fact is shown at once;
while many come, batches grow with their number and the fixed costs of a batch don't."""
REST_MAX_SECONDS = 0.025

_log = logging.getLogger(__name__)


class Projector:
    """Feeds all views of a process.

    A fact that a projection can't hold is set aside (see `ledger.skipping`). A view whose database is away, or for
    which files, memory or the disk ran out, stands still until that has passed; the others go on meanwhile.
    """

    def __init__(self, ledger: Ledger, views: Views) -> None:
        self._ledger = ledger
        self._views = views
        self._feeds = [Feed(ledger, views, projection) for projection in views.projections]
        self._closing = threading.Event()
        self._tail: Tail | None = None
        self._unreadable = 0
        """Failures in a row to read the ledger itself."""
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
        """Feed everything there is, in the calling thread, instead of `start`: for tools and tests.

        Returns early if a view has to wait for something.
        """
        while self._lowest() < self._ledger.head() and not any(feed.resting for feed in self._feeds):
            self._feed(self._ledger.read(self._lowest(), BATCH_FACTS))

    def _run(self) -> None:
        while not self._closing.is_set():
            if all(feed.resting for feed in self._feeds):
                self._closing.wait(self._until_retry())
                continue
            self._tail = tail = self._ledger.tail(BATCH_FACTS)
            # a thread that waits for facts has to look up when a view is to be tried again
            waking = threading.Timer(self._until_retry(), tail.close) if self._anybody_rests() else None
            if waking is not None:
                waking.daemon = True
                waking.start()
            try:
                if not self._closing.is_set() and not self._follow(tail) and waking is None:
                    return
            except Exception as error:
                if not self._unreadable:
                    said = "the ledger can't be followed; the views stand still until it can: %s"
                    _log.error(said, reason_of(error), exc_info=traced(error))
                self._unreadable += 1
                self._publish()
                self._closing.wait(wait_seconds(self._unreadable))
            finally:
                if waking is not None:
                    waking.cancel()

    def _follow(self, tail: Tail) -> bool:
        """Feed what comes; True when the way has to begin anew, False when there is nothing more to come on it."""
        for batch in tail.after_blocking(self._lowest()):
            self._unreadable = 0
            began = time.monotonic()
            if self._feed(batch):
                return True
            if len(batch) < BATCH_FACTS:
                self._closing.wait(min(REST * (time.monotonic() - began), REST_MAX_SECONDS))
        return False

    def _anybody_rests(self) -> bool:
        return any(feed.resting for feed in self._feeds)

    def _until_retry(self) -> float:
        """Seconds until the first view that stands still is to be tried again."""
        times = [feed.retry_at for feed in self._feeds if feed.retry_at is not None and feed.resting]
        return max(0.0, min(times, default=0.0) - time.monotonic())

    def _lowest(self) -> int:
        """From where facts are needed by those that can take some."""
        awake = [feed for feed in self._feeds if not feed.resting]
        return min(feed.view.position() for feed in awake or self._feeds)

    def _feed(self, batch: Sequence[Recorded]) -> bool:
        """Whether the way has to begin anew, because a view stands behind where this batch began or has to rest."""
        anew = False
        for feed in self._feeds:
            anew |= feed.take(batch)
        self._publish()
        return anew

    def _publish(self) -> None:
        standing = self._unreadable > 0 or any(feed.retry_at is not None for feed in self._feeds)
        self._views.progress.publish(min(feed.view.position() for feed in self._feeds), standing=standing)
