"""The port that every database fits: an append-only recorder of facts, for the `eventsourcing` library and for us.

Writing, and reading one stream, are the library's `AggregateRecorder`, in its words and with its `StoredEvent`. Reading
across streams is ours, and so are the names that other rooms see: a `StoredFact` with its position.

Positions are given under the database's write lock, from 1 and without gaps, so that a reader who has seen position N
has seen everything up to N, and the leaf of position N in the Merkle tree is N - 1.
"""

from __future__ import annotations

import hashlib
from abc import abstractmethod
from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple
from uuid import UUID

from eventsourcing.persistence import AggregateRecorder, StoredEvent

GENESIS = bytes(32)
"""The chain's head before the first commit."""
MAX_POSITION = 2**63 - 1
RELIED_ON_MOVED = "a stream that a decision relies on has moved"
MAX_MOVED_STREAMS = 5_000
"""Beyond so many foreign facts a writer forgets all it has cached instead of asking which streams moved."""


class StoredFact(NamedTuple):
    """A fact as it is stored: bytes under a name, with its place in the ledger and in its stream."""

    position: int
    """From 1, without gaps."""
    stream_id: UUID
    version: int
    """Its number within its stream, from 1, without gaps."""
    name: str
    body: bytes

    @property
    def leaf_hash(self) -> bytes:
        """Its leaf in the Merkle tree, computed from what is stored."""
        return leaf_hash(self.stream_id, self.version, self.name, self.body)


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
    """Which facts a reader asks for; all conditions hold together."""

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


class ReliedOn(NamedTuple):
    """Streams that decisions rely on without adding to them, so that no version of theirs could contradict."""

    position: int
    """Up to here they are known."""
    streams: Collection[UUID]


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


class FactStore(AggregateRecorder):
    """A ledger's database. Thread-safe; appends of several threads or processes take turns.

    Every method raises the library's `OperationalError` (or another `PersistenceError`) when the database is away.
    """

    @abstractmethod
    def insert_events(
        self,
        stored_events: Sequence[StoredEvent],
        *,
        commands: Sequence[CommandRecord] = (),
        relied_on: ReliedOn | None = None,
        **_: object,
    ) -> range:
        """Append all or nothing, durably, in one transaction; return the positions.

        Without facts the range is empty, and begins after the ledger's last position.

        Raises:
            IntegrityError: If a stream has such a version already, a command id is known, or a stream that is relied
                on has moved.
        """

    @abstractmethod
    def select_facts(self, query: FactQuery, limit: int) -> Sequence[StoredFact]:
        """Up to `limit` facts in the order of positions; never reads much more than it returns."""

    @abstractmethod
    def select_streams(self, stream_ids: Collection[UUID]) -> Sequence[StoredEvent]:
        """All facts of these streams, each stream's in the order of versions."""

    @abstractmethod
    def known_commands(self, command_ids: Collection[UUID]) -> dict[UUID, KnownCommand]:
        """What became of each of these command ids that was seen before."""

    @abstractmethod
    def commands(self, first: int, end: int) -> Sequence[tuple[UUID, KnownCommand]]:
        """The commands whose last fact stands at `first` or later and before `end`, by position and id."""

    @abstractmethod
    def moved_since(self, position: int) -> tuple[int, Collection[UUID] | None]:
        """The head, and which streams have facts after `position`; None: too many to name."""

    @abstractmethod
    def count(self) -> tuple[int, int]:
        """How many facts there are, and the last position: the same, unless some are missing. Reads a whole index."""

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
    def checkpoints(self) -> Sequence[str]:
        """The names of followers that have saved one."""

    @abstractmethod
    def save_checkpoint(self, name: str, checkpoint: Checkpoint) -> None:
        """Replace the follower's checkpoint; one of the same version never goes back."""

    @abstractmethod
    def watch(self) -> Watch:
        """A wait for commits on a connection of its own."""

    @abstractmethod
    def close(self) -> None:
        """Give all connections back."""

    @abstractmethod
    def head(self) -> int:
        """The last position; 0 when the ledger is empty."""


def stream_of(event: StoredEvent) -> UUID:
    """The stream id of a stored fact; the library allows text there, this ledger doesn't."""
    assert isinstance(event.originator_id, UUID)
    return event.originator_id


def leaf_hash(stream_id: UUID, version: int, name: str, body: bytes) -> bytes:
    """The Merkle leaf of a stored fact (RFC 6962: SHA-256 over 0x00 and the entry), whatever its position."""
    encoded = name.encode()
    return hashlib.sha256(
        b"\x00" + stream_id.bytes + version.to_bytes(8, "big") + len(encoded).to_bytes(2, "big") + encoded + body
    ).digest()


def leaf_of(event: StoredEvent) -> bytes:
    """The Merkle leaf of a fact that is about to be stored."""
    return leaf_hash(stream_of(event), event.originator_version, event.topic, event.state)


def extend_chain(head: bytes, leaves: Iterable[bytes]) -> bytes:
    """The chain's head after these leaves."""
    for leaf in leaves:
        head = hashlib.sha256(b"\x01" + head + leaf).digest()
    return head
