"""Proofs about the ledger: that a fact is in it, and that it only ever grew."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import partial

import msgspec
import sqlalchemy as sa

from buildledger.clock import Clock
from buildledger.ledger import merkle
from buildledger.ledger.database import close_engine, create_tables, insert, open_engine, unreadable_as_store_error
from buildledger.ledger.reader import PositionConflict, ReaderPosition
from buildledger.ledger.signing import HeadKey, SignedHead, read_head
from buildledger.ledger.store import FactQuery, FactStore
from buildledger.ledger.tiles import Tiles

BATCH_FACTS = 4_096
READER = "tree"


class InclusionProof(msgspec.Struct, frozen=True, kw_only=True):
    """That the fact at a position is in the tree of `size`."""

    position: int
    size: int
    leaf: bytes
    root: bytes
    path: tuple[bytes, ...]

    def holds(self) -> bool:
        """Whether it shows what it says; whose root it is has to be known from a signed head."""
        return merkle.verify_inclusion(self.leaf, self.position - 1, self.size, self.path, self.root)


class ConsistencyProof(msgspec.Struct, frozen=True, kw_only=True):
    """That the tree of `old_size` is the beginning of the tree of `size`."""

    old_size: int
    old_root: bytes
    size: int
    root: bytes
    path: tuple[bytes, ...]

    def holds(self) -> bool:
        """Whether it shows what it says; whose roots they are has to be known from signed heads."""
        return merkle.verify_consistency(self.old_size, self.old_root, self.size, self.root, self.path)


class Tree:
    """The Merkle tree over all stored facts: leaf N - 1 is the fact at position N. Thread-safe; calls block.

    It is a reader like any other: behind the ledger until somebody lets it catch up, and rebuilt from nothing if it is
    thrown away. What can't be rebuilt are the signed heads, which are kept beside it.
    """

    def __init__(self, store: FactStore, engine: sa.Engine, *, read_only: bool = False) -> None:
        self._store = store
        self._engine = engine
        self._growing = threading.Lock()
        metadata = sa.MetaData()
        self._tiles = Tiles(metadata)
        self._position = ReaderPosition(metadata, READER)
        self._heads = sa.Table(
            "head",
            metadata,
            sa.Column("size", sa.BigInteger, primary_key=True),
            sa.Column("verifier", sa.Text, primary_key=True),
            sa.Column("note", sa.Text, nullable=False),
        )
        if not read_only:
            create_tables(engine, metadata)
            with engine.begin() as connection:
                self._position.create(connection)

    @classmethod
    def open(cls, store: FactStore, url: str, *, read_only: bool = False) -> Tree:
        """The tree beside the ledger at `url`; made when it isn't there, unless it is to be read only.

        Raises:
            PersistenceError: It can't be opened.
        """
        with unreadable_as_store_error(url, "proof"):
            return cls(store, open_engine(url, "proof", read_only=read_only), read_only=read_only)

    def size(self) -> int:
        """How many facts are in the tree."""
        with self._engine.connect() as connection:
            return self._position.read(connection)

    def catch_up(self) -> int:
        """Take all facts that the ledger has; return the size. Another process may do the same at once."""
        with self._growing:
            while True:
                size = self.size()
                facts = self._store.select_facts(FactQuery(after=size), BATCH_FACTS)
                if not facts:
                    return size
                try:
                    with self._engine.begin() as connection:
                        self._position.move(connection, size, facts[-1].position)
                        self._tiles.append(connection, size, [fact.leaf_hash for fact in facts])
                except PositionConflict:
                    continue

    def root(self, size: int | None = None) -> bytes:
        """The root of the tree, or of its beginning of this size.

        Raises:
            ValueError: If it isn't that large.
        """
        with self._engine.connect() as connection:
            return merkle.root(self._node(connection), self._known(connection, size))

    def prove_inclusion(self, position: int, size: int | None = None) -> InclusionProof:
        """That a fact is in the tree of `size`; of all that is in it now, if that isn't given.

        Raises:
            ValueError: If the tree isn't that large.
        """
        with self._engine.connect() as connection:
            node = self._node(connection)
            known = self._known(connection, size)
            return InclusionProof(
                position=position,
                size=known,
                path=tuple(merkle.inclusion_proof(node, position - 1, known)),
                leaf=node(0, position - 1),
                root=merkle.root(node, known),
            )

    def prove_consistency(self, old_size: int, size: int | None = None) -> ConsistencyProof:
        """That the ledger only grew between two sizes.

        Raises:
            ValueError: If the tree isn't that large.
        """
        with self._engine.connect() as connection:
            node = self._node(connection)
            known = self._known(connection, size)
            path = tuple(merkle.consistency_proof(node, old_size, known))
            return ConsistencyProof(
                old_size=old_size,
                old_root=merkle.root(node, old_size),
                size=known,
                root=merkle.root(node, known),
                path=path,
            )

    def leaves(self, first: int, limit: int) -> Sequence[bytes]:
        """Up to `limit` leaf hashes from index `first` on; fewer where a row or the tree ends, none beyond."""
        with self._engine.connect() as connection:
            return self._tiles.leaves(connection, first, limit)

    def sign(self, key: HeadKey, clock: Clock) -> SignedHead:
        """Catch up, state the head and keep the statement; the same size is stated once by each key."""
        size = self.catch_up()
        newest = self.newest_head(key.verifier)
        if newest is not None and newest.size == size:
            return newest
        head = key.sign(size, self.root(size), clock.now())
        with self._engine.begin() as connection:
            row = {"size": size, "verifier": key.verifier, "note": head.note}
            connection.execute(insert(connection, self._heads).values(row).on_conflict_do_nothing())
        return head

    def newest_head(self, verifier: str | None = None) -> SignedHead | None:
        """The last one that was signed, by this key or by any.

        Raises:
            HeadSignatureError: If what is stored isn't what was signed.
        """
        heads = self._heads
        query = sa.select(heads.c.note, heads.c.verifier).order_by(heads.c.size.desc()).limit(1)
        if verifier is not None:
            query = query.where(heads.c.verifier == verifier)
        with self._engine.connect() as connection:
            row = connection.execute(query).first()
        return None if row is None else read_head(row.note, row.verifier)

    def newest_heads(self, limit: int) -> Sequence[tuple[int, str, str]]:
        """The stored heads of the largest sizes, largest first: (size, verifier, note), not verified."""
        heads = self._heads
        query = sa.select(heads.c.size, heads.c.verifier, heads.c.note).order_by(heads.c.size.desc()).limit(limit)
        with self._engine.connect() as connection:
            return [(row.size, row.verifier, row.note) for row in connection.execute(query)]

    def heads(self, after: int, limit: int) -> Sequence[tuple[int, str, str]]:
        """Stored heads of sizes beyond `after`, by size: (size, verifier, note), not verified."""
        heads = self._heads
        query = (
            sa.select(heads.c.size, heads.c.verifier, heads.c.note)
            .where(heads.c.size > after)
            .order_by(heads.c.size, heads.c.verifier)
            .limit(limit)
        )
        with self._engine.connect() as connection:
            return [(row.size, row.verifier, row.note) for row in connection.execute(query)]

    def close(self) -> None:
        """Let go of the database."""
        close_engine(self._engine)

    def _node(self, connection: sa.Connection) -> merkle.NodeAt:
        return partial(self._tiles.node, connection)

    def _known(self, connection: sa.Connection, size: int | None) -> int:
        grown = self._position.read(connection)
        if size is None:
            return grown
        if size > grown:
            msg = f"the tree holds {grown} facts, not {size} yet"
            raise ValueError(msg)
        return size
