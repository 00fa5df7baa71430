"""Which ledger a view was made of: one that stayed when another ledger was put there says what never was."""

from __future__ import annotations

from typing import NamedTuple

import sqlalchemy as sa

from buildledger.ledger.store import FactQuery, FactStore


class Origin(NamedTuple):
    """A fact that the ledger has which a view is made of."""

    position: int
    leaf: bytes
    """Its leaf in the Merkle tree: no other fact has the same."""


class StoredOrigin:
    """The origin of a view, kept beside its rows."""

    def __init__(self, metadata: sa.MetaData) -> None:
        """Adds the table `made_of` to the tables of the view's database."""
        self._table = sa.Table(
            "made_of",
            metadata,
            sa.Column("position", sa.BigInteger, nullable=False),
            sa.Column("leaf", sa.LargeBinary, nullable=False),
        )

    def read(self, connection: sa.Connection) -> Origin | None:
        """What was saved; None if nothing was."""
        row = connection.execute(sa.select(self._table)).first()
        return None if row is None else Origin(row.position, bytes(row.leaf))

    def save(self, connection: sa.Connection, origin: Origin) -> None:
        """Replace it, in the caller's transaction."""
        connection.execute(self._table.delete())
        connection.execute(self._table.insert().values(position=origin.position, leaf=origin.leaf))


def newest_of(store: FactStore) -> Origin | None:
    """What a view that is made of this ledger is marked with; None while the ledger is empty. Blocks for a query."""
    return _at(store, store.head())


def is_of(store: FactStore, origin: Origin | None, reached: int) -> bool:
    """Whether a view with this mark, which has reached this position, can have been made of the ledger as it is."""
    return reached <= store.head() and (origin is None or _at(store, origin.position) == origin)


def _at(store: FactStore, position: int) -> Origin | None:
    for fact in store.select_facts(FactQuery(after=position - 1), 1) if position else ():
        return Origin(position, fact.leaf_hash) if fact.position == position else None
    return None
