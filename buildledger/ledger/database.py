"""Which database a URL means."""

from __future__ import annotations

from pathlib import Path

from buildledger.ledger.store import FactStore
from buildledger.ledger.store_sqlite import SQLiteFactStore

SQLITE = "sqlite:///"


def open_store(url: str) -> FactStore:
    """The ledger at `sqlite:///path` or `postgresql://…`; made when it isn't there.

    Raises: LedgerFormatError if another version made it; ValueError for another kind of URL.
    """
    if url.startswith(SQLITE):
        return SQLiteFactStore(Path(url.removeprefix(SQLITE)))
    if url.startswith(("postgresql://", "postgres://")):
        # loaded only where it is used: it costs a tenth of a second at every start
        from buildledger.ledger.store_postgresql import PostgresFactStore

        return PostgresFactStore(url)
    msg = f"a ledger lives at sqlite:///path or postgresql://host/name, not at {url!r}"
    raise ValueError(msg)
