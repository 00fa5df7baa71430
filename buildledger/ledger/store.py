"""The port that every database fits: an append-only recorder of facts, on the seams of the `eventsourcing` library.

Positions are given under the database's write lock, from 1 and without gaps, so that a reader who has seen position N
has seen everything up to N, and the leaf of position N in the Merkle tree is N - 1.
"""

from __future__ import annotations

import hashlib
from abc import abstractmethod
from collections import deque
from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple
from uuid import UUID

from eventsourcing.persistence import ApplicationRecorder, Notification, StoredEvent, Subscription

StoredFact = Notification
"""A fact as it is stored: `id` (its position), `originator_id` (its stream), `originator_version`, `topic` (its name),
`state` (its bytes). The library's words, which only this room speaks otherwise."""
GENESIS = bytes(32)
"""The chain's head before the first commit."""
SUBSCRIPTION_BATCH = 500
MAX_MOVED_STREAMS = 5_000
"""Beyond so many foreign facts a writer forgets all it has cached instead of asking which streams moved."""


class CommandRecord(NamedTuple):
    """A command with an id of its own, to be kept with the facts that it decided."""

    command_id: UUID
    digest: bytes
    """Of what the command says."""
    ends_at: int
    """How many facts of the batch stand up to and including its last one."""
    fact_count: int
    """How many of them are its own; 0 when it decided nothing."""


class KnownCommand(NamedTuple):
    """What became of a command id that was seen before."""

    digest: bytes
    position: int
    """Of its last fact; of the ledger's head when it decided nothing."""
    fact_count: int


class ChainLink(NamedTuple):
    """One commit in the hash chain."""

    last_position: int
    previous: bytes
    head: bytes


class Checkpoint(NamedTuple):
    """Where a follower stood and what it remembered there."""

    version: int
    position: int
    state: bytes


class FactQuery(NamedTuple):
    """Which facts are wanted."""

    after: int = 0
    """Only positions beyond this."""
    last: int | None = None
    """Only positions up to this."""
    names: Collection[str] = ()
    """Only facts stored under these names; empty: all."""
    stream_id: UUID | None = None
    """Only this stream's."""
    descending: bool = False
    """From the end towards the beginning."""


class Watch:
    """A wait for commits, of this process and of others; used by one thread, ended by any."""

    def wait(self, timeout_seconds: float) -> bool:
        """Block until something may have been committed (True) or the time is over (False)."""
        raise NotImplementedError

    def interrupt(self) -> None:
        """Let `wait` return at once; callable from any thread."""
        raise NotImplementedError

    def close(self) -> None:
        """Give its connection back."""
        raise NotImplementedError


class FactStore(ApplicationRecorder):
    """A ledger's database. Thread-safe; appends of several threads or processes take turns.

    Every method raises the library's `OperationalError` (or another `PersistenceError`) when the database is away.
    """

    @abstractmethod
    def append(self, facts: Sequence[StoredEvent], commands: Sequence[CommandRecord] = ()) -> int:
        """Append all or nothing, durably, in one transaction; return the position before the first fact.

        Raises:
            IntegrityError: If a stream has such a version already or a command id is known.
        """

    @abstractmethod
    def select_facts(self, query: FactQuery, limit: int) -> Sequence[Notification]:
        """Up to `limit` facts in the order of positions; never reads much more than it returns."""

    @abstractmethod
    def select_streams(self, stream_ids: Collection[UUID]) -> Sequence[StoredEvent]:
        """All facts of these streams, each stream's in the order of versions."""

    @abstractmethod
    def known_commands(self, command_ids: Collection[UUID]) -> dict[UUID, KnownCommand]:
        """Those of the ids that were seen before."""

    @abstractmethod
    def moved_since(self, position: int) -> tuple[int, Collection[UUID] | None]:
        """The head, and which streams have facts after `position`; None: too many to name."""

    @abstractmethod
    def chain(self, after: int, limit: int) -> Sequence[ChainLink]:
        """The chain's links that end after this position, in order."""

    @abstractmethod
    def first_out_of_order(self) -> int | None:
        """The first position whose fact doesn't follow its stream's previous version; None if all do."""

    @abstractmethod
    def checkpoint(self, name: str) -> Checkpoint | None:
        """What the follower of this name last saved."""

    @abstractmethod
    def save_checkpoint(self, name: str, checkpoint: Checkpoint) -> None:
        """Replace the follower's checkpoint; one of the same version never goes back."""

    @abstractmethod
    def watch(self) -> Watch:
        """A wait for commits on a connection of its own."""

    @abstractmethod
    def close(self) -> None:
        """Give all connections back."""

    def head(self) -> int:
        """The last position; 0 when the ledger is empty."""
        return self.max_notification_id() or 0

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[Notification]:
        """The library's name for `select_facts`."""
        after = (start or 0) - (1 if inclusive_of_start else 0)
        return self.select_facts(FactQuery(after=after, last=stop, names=topics), limit)

    def insert_events(self, stored_events: Sequence[StoredEvent], **_: object) -> Sequence[int]:
        """The library's name for `append`."""
        if not stored_events:
            return []
        base = self.append(stored_events)
        return range(base + 1, base + 1 + len(stored_events))

    def subscribe(self, gt: int | None = None, topics: Sequence[str] = ()) -> StoreSubscription:
        """The library's way to follow; the server's own is `follow.Tail`, which decodes each fact once."""
        return StoreSubscription(self, gt, topics)


class StoreSubscription(Subscription[FactStore]):
    """A library subscription that a lost notification can't stop: it looks again every second."""

    def __init__(self, store: FactStore, gt: int | None, topics: Sequence[str]) -> None:
        super().__init__(store, gt, topics)
        self._watch = store.watch()
        self._pending: deque[Notification] = deque()

    def __next__(self) -> Notification:
        while not self._has_been_stopped:
            if self._pending:
                notification = self._pending.popleft()
                self._last_notification_id = notification.id
                return notification
            self._pending.extend(
                self._recorder.select_notifications(
                    self._last_notification_id, SUBSCRIPTION_BATCH, topics=self._topics, inclusive_of_start=False
                )
            )
            if not self._pending:
                self._watch.wait(1.0)
        self._watch.close()
        raise StopIteration

    def stop(self) -> None:
        """End the iteration, from any thread."""
        super().stop()
        self._watch.interrupt()


def stream_of(event: StoredEvent) -> UUID:
    """The stream id of a stored fact; the library allows text there, this ledger doesn't."""
    assert isinstance(event.originator_id, UUID)
    return event.originator_id


def leaf_hash(event: StoredEvent) -> bytes:
    """The Merkle leaf of a stored fact (RFC 6962: SHA-256 over 0x00 and the entry), whatever its position."""
    name = event.topic.encode()
    return hashlib.sha256(
        b"\x00"
        + stream_of(event).bytes
        + event.originator_version.to_bytes(8, "big")
        + len(name).to_bytes(2, "big")
        + name
        + event.state
    ).digest()


def extend_chain(head: bytes, leaves: Iterable[bytes]) -> bytes:
    """The chain's head after these leaves."""
    for leaf in leaves:
        head = hashlib.sha256(b"\x01" + head + leaf).digest()
    return head
