"""The Merkle tree's stored nodes: 256 hashes a row, so that proofs read a handful of rows and appends write few."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from buildledger.ledger.database import insert
from buildledger.ledger.merkle import perfect_root

TILE_LEVELS = 8
TILE_WIDTH = 1 << TILE_LEVELS
HASH_BYTES = 32


class Tiles:
    """Row (tile level L, index) holds the hashes of level 8·L from 256·index on; the last one of a level still grows.

    Levels between are computed from a tile's hashes. Stateless: every call works in the caller's transaction.
    """

    def __init__(self, metadata: sa.MetaData) -> None:
        self._table = sa.Table(
            "tile",
            metadata,
            sa.Column("tile_level", sa.Integer, primary_key=True),
            sa.Column("tile_index", sa.BigInteger, primary_key=True),
            sa.Column("hashes", sa.LargeBinary, nullable=False),
        )

    def append(self, connection: sa.Connection, size: int, leaf_hashes: Sequence[bytes]) -> None:
        """Let a tree of `size` leaves grow by these."""
        level, start, hashes = 0, size, list(leaf_hashes)
        while hashes:
            hashes = self._grow(connection, level, start, hashes)
            level, start = level + 1, start // TILE_WIDTH

    def hashes(self, connection: sa.Connection, level: int, index: int, count: int = 1) -> list[bytes]:
        """`count` hashes of a tile level, all of one tile."""
        tile, offset = divmod(index, TILE_WIDTH)
        stored = self._read(connection, level, tile)
        found = _split(stored)[offset : offset + count]
        if len(found) != count:
            msg = f"the tree's tile {tile} of level {level} holds {len(stored) // HASH_BYTES} hashes, too few"
            raise LookupError(msg)
        return found

    def node(self, connection: sa.Connection, level: int, index: int) -> bytes:
        """The hash of the perfect subtree at (level, index) of the whole tree."""
        tile_level, within = divmod(level, TILE_LEVELS)
        return perfect_root(self.hashes(connection, tile_level, index << within, 1 << within))

    def leaves(self, connection: sa.Connection, first: int, limit: int) -> list[bytes]:
        """Up to `limit` leaf hashes from `first` on, fewer at the end of the tree or of a tile."""
        tile, offset = divmod(first, TILE_WIDTH)
        return _split(self._read(connection, 0, tile))[offset : offset + limit]

    def _read(self, connection: sa.Connection, level: int, tile: int) -> bytes:
        table = self._table
        found = connection.scalar(
            sa.select(table.c.hashes).where(table.c.tile_level == level, table.c.tile_index == tile)
        )
        return b"" if found is None else bytes(found)

    def _grow(self, connection: sa.Connection, level: int, start: int, hashes: list[bytes]) -> list[bytes]:
        """Write the hashes of one level; return those of the next one that are complete by it."""
        tile, offset = divmod(start, TILE_WIDTH)
        # what stands beyond the tree's size is left over from nothing that counts
        begun = _split(self._read(connection, level, tile))[:offset] if offset else []
        hashes = begun + hashes
        complete: list[bytes] = []
        rows = []
        for first in range(0, len(hashes), TILE_WIDTH):
            content = hashes[first : first + TILE_WIDTH]
            rows.append({"tile_level": level, "tile_index": tile, "hashes": b"".join(content)})
            if len(content) == TILE_WIDTH:
                complete.append(perfect_root(content))
            tile += 1
        statement = insert(connection, self._table)
        connection.execute(
            statement.on_conflict_do_update(
                index_elements=["tile_level", "tile_index"], set_={"hashes": statement.excluded.hashes}
            ),
            rows,
        )
        return complete


def _split(stored: bytes) -> list[bytes]:
    return [stored[at : at + HASH_BYTES] for at in range(0, len(stored), HASH_BYTES)]
