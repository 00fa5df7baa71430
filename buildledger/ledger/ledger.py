"""The ledger: commands in, facts kept, receipts out."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import Future
from typing import Any
from uuid import UUID

from eventsourcing.persistence import PersistenceError

from buildledger.clock import Clock
from buildledger.domain.command import Aggregate, Command
from buildledger.events.codec import decode
from buildledger.events.fact import Recorded
from buildledger.ledger.checkpoints import AlteredCheckpointError, sealed, unsealed
from buildledger.ledger.commit_notifier import CommitNotifier
from buildledger.ledger.database import open_store
from buildledger.ledger.follow import BATCH_FACTS, Tail
from buildledger.ledger.recent import RecentFacts
from buildledger.ledger.store import Checkpoint, FactQuery, FactStore, StoredFact
from buildledger.ledger.streams import Stream
from buildledger.ledger.submission import Origin, Receipt, Submission
from buildledger.ledger.writer import Writer

CACHED_STREAMS = 20_000
SAFETY_POLL_SECONDS = 1.0
"""A commit of another process is seen after this time even if every notification of it was lost."""

_log = logging.getLogger(__name__)


class Ledger:
    """One process's way to the facts. Thread-safe; several processes may share one database."""

    def __init__(self, store: FactStore, *, clock: Clock, cached_streams: int = CACHED_STREAMS) -> None:
        self._store = store
        self._recent = RecentFacts()
        self._commits = CommitNotifier(store.head())
        self._writer = Writer(
            store, commits=self._commits, recent=self._recent, clock=clock, cached_streams=cached_streams
        )
        self._watch = store.watch()
        self._closing = threading.Event()
        self._watcher = threading.Thread(target=self._notice_others, name="ledger-watch", daemon=True)
        self._watcher.start()

    @classmethod
    def open(cls, url: str, *, clock: Clock) -> Ledger:
        """The ledger at `sqlite:///path` or `postgresql://…`, made when it isn't there.

        Raises:
            LedgerFormatError
            PersistenceError
            ValueError: For another kind of URL.
        """
        return cls(open_store(url), clock=clock)

    @property
    def store(self) -> FactStore:
        """The facts as they are stored, for audit and proofs."""
        return self._store

    @property
    def write_failure(self) -> str | None:
        """Why the last commands couldn't be recorded (a full disk, for one); None as soon as some could."""
        return self._writer.failure

    async def execute(self, *commands: Command, origin: Origin) -> Receipt:
        """Decide the commands and keep what they decide, atomically over all their streams.

        Returns when it is durable. A caller that is cancelled meanwhile doesn't cancel the commands.

        Raises:
            Refusal: Also for a command id that was used for something else.
            LedgerUnavailable
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Receipt] = loop.create_future()
        self._writer.submit(Submission(commands, origin, future, loop))
        return await future

    def execute_blocking(self, *commands: Command, origin: Origin) -> Receipt:
        """The same from a thread; never from an event loop's."""
        future: Future[Receipt] = Future()
        self._writer.submit(Submission(commands, origin, future, None))
        return future.result()

    def head(self) -> int:
        """Every fact up to this position can be read; 0 when the ledger is empty. Costs nothing."""
        return self._commits.head

    def read(self, after: int, limit: int, names: Collection[str] = ()) -> Sequence[Recorded]:
        """Up to `limit` facts after a position, in order; of these stored names only, if any are given.

        Blocks for a query unless all of it was committed lately by this process.

        Raises:
            UnknownFactError
            MalformedFactError
            PersistenceError
        """
        if not names:
            recent = self._recent.between(after, min(self._commits.head, after + limit))
            if recent:
                return recent
        return self.select(FactQuery(after=after, names=names), limit)

    def at(self, position: int) -> Recorded:
        """The fact at a position. Blocks and raises as `read` does.

        Raises:
            LookupError: There is none yet.
        """
        for recorded_fact in self.read(position - 1, 1):
            return recorded_fact
        raise LookupError(f"there is no fact at position {position}")

    def select(self, query: FactQuery, limit: int) -> Sequence[Recorded]:
        """Up to `limit` of the facts that are asked for, in either order. Blocks for a query; raises as `read` does."""
        return [recorded(stored) for stored in self._store.select_facts(query, limit)]

    def newest_position(self, query: FactQuery) -> int | None:
        """Where the first fact stands that `select` would give, without decoding it: it may be large. Blocks."""
        return next((stored.position for stored in self._store.select_facts(query, 1)), None)

    def load(self, aggregate: Aggregate, stream_id: UUID) -> tuple[Any, int]:
        """A stream's state and version, from everything that anybody has committed; (initial, 0) if it has no facts.

        Blocks for a query.
        """
        stream = Stream(aggregate, stream_id)
        stream.fold(self._store.select_events(stream_id))
        return stream.state, stream.version

    def wait_beyond(self, position: int, given_up: Callable[[], bool]) -> None:
        """Block this thread until the head is beyond `position`, the ledger is closed, or `given_up` says so."""
        self._commits.wait_beyond(position, given_up)

    def notify_all(self) -> None:
        """Let every thread and task that waits for facts look whether it should go on waiting."""
        self._commits.notify_all()

    def tail(self, batch_facts: int = BATCH_FACTS) -> Tail:
        """A new follower, which gets up to `batch_facts` facts at once."""
        return Tail(self._commits, self._recent, self.read, batch_facts)

    def checkpoint(self, name: str) -> Checkpoint | None:
        """What the follower of this name last saved; None, too, if it was altered since. Blocks for a query."""
        stored = self._store.checkpoint(name)
        if stored is None:
            return None
        try:
            return unsealed(name, stored)
        except AlteredCheckpointError as error:
            _log.error("%s: it isn't used, and the facts are read instead", error)
            return None

    def save_checkpoint(self, name: str, checkpoint: Checkpoint) -> None:
        """Keep where a follower stands and what it remembers; one of the same version never goes back. Blocks."""
        self._store.save_checkpoint(name, sealed(name, checkpoint))

    def close(self) -> None:
        """Write and answer everything queued, end all followers, and let go of the database."""
        self._writer.close()
        self._closing.set()
        self._watch.interrupt()
        self._watcher.join()
        self._commits.close()
        self._store.close()

    def _notice_others(self) -> None:
        away = False
        while not self._closing.is_set():
            try:
                self._watch.wait(SAFETY_POLL_SECONDS)
                with self._writer.committing:
                    head = self._store.head()
                self._commits.publish(head, [])
                if away:
                    _log.warning("the ledger's database can be read again")
                away = False
            except PersistenceError as error:
                if not away:
                    _log.warning("the ledger's database can't be read: %s", error)
                away = True
                self._closing.wait(SAFETY_POLL_SECONDS)
        self._watch.close()


def recorded(stored: StoredFact) -> Recorded:
    """A stored fact, decoded, in its newest version."""
    fact, meta = decode(stored.name, stored.body)
    return Recorded(
        position=stored.position,
        stream_id=stored.stream_id,
        version=stored.version,
        name=stored.name,
        fact=fact,
        meta=meta,
    )
