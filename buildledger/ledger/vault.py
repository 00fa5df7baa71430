"""Words about people, outside the ledger: each encrypted with a key of its own, and forgotten by destroying that key.

Facts hold only ids. The words are durable before the facts that name them, so no fact ever points to nothing; words
that no fact names, left by a crash in between, do no harm. Keys have a table of their own, so that a backup can leave
them out.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import islice
from typing import TypeVar
from uuid import UUID

import sqlalchemy as sa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from buildledger.ledger.database import create_tables, insert, open_engine, unreadable_as_store_error
from buildledger.ledger.errors import LedgerUnavailable

MAX_TEXT_BYTES = 16 << 20
KEY_BITS = 256
NONCE_BYTES = 12
INSTALLATION_KEY_BYTES = 32
QUERY_IDS = 500
"""How many ids one query names."""

METADATA = sa.MetaData()
KEYS = sa.Table(
    "word_key",
    METADATA,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("key", sa.LargeBinary, nullable=True, comment="NULL: destroyed; the words can't be put again"),
)
WORDS = sa.Table(
    "word",
    METADATA,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("nonce", sa.LargeBinary, nullable=False),
    sa.Column("sealed", sa.LargeBinary, nullable=False),
)
INSTALLATION = sa.Table(
    "installation",
    METADATA,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("secret", sa.LargeBinary, nullable=False),
)

T = TypeVar("T")


class Vault:
    """Encrypted texts about people, by id. Thread-safe; calls block."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._writing = threading.Lock()
        create_tables(engine, METADATA)
        self._installation_key = self._find_installation_key()

    @classmethod
    def open(cls, url: str) -> Vault:
        """The vault beside the ledger at `url`: the file `vault.db`, or the schema `vault`.

        Raises:
            PersistenceError: It can't be opened.
        """
        with unreadable_as_store_error(url, "vault"):
            return cls(open_engine(url, "vault"))

    @property
    def installation_key(self) -> bytes:
        """The secret that `claim_id` and `words_id` are keyed with: made once, the same for ever."""
        return self._installation_key

    def put_many(self, words: Mapping[UUID, str]) -> None:
        """Keep texts; durable when it returns. An id that is known, or was forgotten, stays as it is.

        Raises:
            ValueError: A text is beyond 16 MiB; nothing is kept then.
            LedgerUnavailable: They can't be written, so nothing that speaks of them may be recorded.
        """
        encoded = {word_id: text.encode(errors="surrogatepass") for word_id, text in words.items()}
        for word_id, data in encoded.items():
            if len(data) > MAX_TEXT_BYTES:
                msg = f"the text {word_id} has {len(data)} bytes; at most {MAX_TEXT_BYTES} can be kept"
                raise ValueError(msg)
        try:
            with self._writing, self._engine.begin() as connection:
                self._put(connection, encoded)
        except (sa.exc.DatabaseError, sa.exc.InterfaceError, sa.exc.TimeoutError) as error:
            cause = getattr(error, "orig", None) or error
            raise LedgerUnavailable(f"its vault: {str(cause).partition(chr(10))[0]}") from error

    def get_many(self, ids: Collection[UUID]) -> dict[UUID, str]:
        """The texts of those ids that are known and not forgotten."""
        found: dict[UUID, str] = {}
        query = sa.select(WORDS.c.id, KEYS.c.key, WORDS.c.nonce, WORDS.c.sealed).join(KEYS, KEYS.c.id == WORDS.c.id)
        with self._engine.connect() as connection:
            for chunk in _chunks(list(ids)):
                rows = connection.execute(query.where(WORDS.c.id.in_(chunk), KEYS.c.key.is_not(None)))
                for word_id, key, nonce, sealed in rows:
                    data = AESGCM(key).decrypt(nonce, sealed, word_id.bytes)
                    found[word_id] = data.decode(errors="surrogatepass")
        return found

    def forget(self, word_id: UUID) -> bool:
        """Destroy the key of a text, for good, wherever this database can; False if there was none.

        What stays is that the id was forgotten: the same text can't come back under it.
        """
        with self._writing:
            with self._engine.begin() as connection:
                destroyed = connection.scalar(
                    sa.update(KEYS)
                    .where(KEYS.c.id == word_id, KEYS.c.key.is_not(None))
                    .values(key=None)
                    .returning(KEYS.c.id)
                )
                connection.execute(sa.delete(WORDS).where(WORDS.c.id == word_id))
            if destroyed is not None:
                self._sweep()
        return destroyed is not None

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()

    def _sweep(self) -> None:
        """Let the database overwrite the places where the key stood: old row versions and the write-ahead log."""
        with self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            if connection.dialect.name == "sqlite":
                connection.execute(sa.text("PRAGMA wal_checkpoint(TRUNCATE)"))
            else:
                connection.execute(sa.text("VACUUM vault.word_key"))

    def _put(self, connection: sa.Connection, encoded: Mapping[UUID, bytes]) -> None:
        unknown = set(encoded) - self._known(connection, encoded)
        keys = {word_id: AESGCM.generate_key(KEY_BITS) for word_id in unknown}
        for chunk in _chunks(list(keys)):
            mine = connection.scalars(
                insert(connection, KEYS).on_conflict_do_nothing().returning(KEYS.c.id),
                [{"id": word_id, "key": keys[word_id]} for word_id in chunk],
            ).all()
            rows = [_seal(word_id, keys[word_id], encoded[word_id]) for word_id in mine]
            if rows:
                connection.execute(sa.insert(WORDS), rows)

    def _known(self, connection: sa.Connection, ids: Collection[UUID]) -> set[UUID]:
        known: set[UUID] = set()
        for chunk in _chunks(list(ids)):
            known.update(connection.scalars(sa.select(KEYS.c.id).where(KEYS.c.id.in_(chunk))))
        return known

    def _find_installation_key(self) -> bytes:
        row = {"name": "claims", "secret": os.urandom(INSTALLATION_KEY_BYTES)}
        with self._writing, self._engine.begin() as connection:
            connection.execute(insert(connection, INSTALLATION).values(row).on_conflict_do_nothing())
            secret = connection.scalar(sa.select(INSTALLATION.c.secret).where(INSTALLATION.c.name == "claims"))
        assert secret is not None
        return bytes(secret)


def _seal(word_id: UUID, key: bytes, data: bytes) -> dict[str, object]:
    nonce = os.urandom(NONCE_BYTES)
    return {"id": word_id, "nonce": nonce, "sealed": AESGCM(key).encrypt(nonce, data, word_id.bytes)}


def _chunks(values: Sequence[T]) -> Iterator[list[T]]:
    iterator = iter(values)
    while chunk := list(islice(iterator, QUERY_IDS)):
        yield chunk
