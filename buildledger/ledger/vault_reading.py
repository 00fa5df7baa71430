"""Looks at the vault without changing it: which texts are there, and whether each can be read with its own key."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

import msgspec
import sqlalchemy as sa

from buildledger.ledger.database import open_engine
from buildledger.ledger.vault import (
    INSTALLATION,
    INSTALLATION_KEY_BYTES,
    KEYS,
    QUERY_IDS,
    ROWS,
    AlteredTextError,
    open_text,
)


class ExaminedText(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one text: either it can be read, or something is wrong."""

    text: str | None = None
    digest: str = ""
    """What a fact that names it holds, unless it was recorded before facts had digests."""
    problem: str = ""


MISSING = ExaminedText(problem="it is not in the vault")
FORGOTTEN = ExaminedText(problem="its key was destroyed, so that nobody can read it again")
NO_TEXT = ExaminedText(problem="its key is there, and the text is not")
ALTERED = ExaminedText(problem="it can't be read with its key: key or text were altered")


class VaultReader:
    """The vault beside the ledger at a URL. Calls block."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    @classmethod
    def open(cls, url: str) -> VaultReader:
        """The vault beside the ledger at `url`; it need not be there."""
        return cls(open_engine(url, "vault", read_only=True))

    def installation_key(self) -> bytes | None:
        """What ids of texts are keyed with; None: there is none of the right length.

        Raises:
            SQLAlchemyError
        """
        with self._engine.connect() as connection:
            secret = connection.scalar(sa.select(INSTALLATION.c.secret).where(INSTALLATION.c.name == "claims"))
        return secret if isinstance(secret, bytes) and len(secret) == INSTALLATION_KEY_BYTES else None

    def examine(self, ids: Collection[UUID]) -> dict[UUID, ExaminedText]:
        """How each of these texts is.

        Raises:
            SQLAlchemyError
        """
        found = dict.fromkeys(ids, MISSING)
        with self._engine.connect() as connection:
            wanted = list(found)
            for start in range(0, len(wanted), QUERY_IDS):
                chunk = wanted[start : start + QUERY_IDS]
                for word_id, key, nonce, sealed in connection.execute(ROWS.where(KEYS.c.id.in_(chunk))):
                    found[word_id] = _examined(word_id, key, nonce, sealed)
        return found

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()


def _examined(word_id: UUID, key: bytes | None, nonce: bytes | None, sealed: bytes | None) -> ExaminedText:
    if key is None:
        return FORGOTTEN
    if nonce is None or sealed is None:
        return NO_TEXT
    try:
        text, digest = open_text(word_id, key, nonce, sealed)
    except AlteredTextError:
        return ALTERED
    return ExaminedText(text=text, digest=digest)
