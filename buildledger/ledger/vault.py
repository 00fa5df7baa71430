"""Words about people, outside the ledger: each encrypted with a key of its own, and forgotten by destroying that key.

Facts hold only their ids and digests. The words are durable before the facts that name them, so no fact ever points to
nothing; words that no fact names, left by a crash in between, do no harm. Keys have a table of their own, so that a
backup can leave them out.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import islice
from typing import NamedTuple, TypeVar
from uuid import UUID

import sqlalchemy as sa
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from buildledger.ledger.database import close_engine, create_tables, insert, open_engine, unreadable_as_store_error
from buildledger.ledger.errors import LedgerUnavailable
from buildledger.ledger.text_digest import text_digest

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
ROWS = (
    sa.select(KEYS.c.id, KEYS.c.key, WORDS.c.nonce, WORDS.c.sealed)
    .select_from(KEYS)
    .join(WORDS, KEYS.c.id == WORDS.c.id, isouter=True)
)
"""Key, nonce and text of ids; no key: it was destroyed; no text: it is missing."""

T = TypeVar("T")
Id = TypeVar("Id", bound=UUID)


class KeptTexts(NamedTuple):
    """What the vault has of the texts that were asked for; one that is in neither was forgotten."""

    texts: dict[UUID, str]
    altered: frozenset[UUID]
    """Those that are missing, or aren't what was put there: nobody should see them."""


class AlteredTextError(ValueError):
    """A text, or its key, isn't what was put into the vault."""


def open_text(word_id: UUID, key: bytes, nonce: bytes | None, sealed: bytes | None) -> tuple[str, str]:
    """A sealed text, and its digest.

    Raises:
        AlteredTextError: Key and text don't belong together, or there is no text.
    """
    try:
        if nonce is None or sealed is None:
            raise ValueError("there is no text")
        data = AESGCM(key).decrypt(nonce, sealed, word_id.bytes)
        return data.decode(errors="surrogatepass"), text_digest(key, word_id, data)
    except (InvalidTag, ValueError, TypeError) as error:
        raise AlteredTextError(f"the text {word_id} can't be read with its key") from error


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

    def put_many(self, words: Mapping[UUID, str]) -> dict[UUID, str]:
        """Keep texts; durable when it returns. An id that is known, or was forgotten, stays as it is.

        Gives the digests of what is kept, for the facts that name the texts; of one that was forgotten there is none.

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
                return self._put(connection, encoded)
        except (sa.exc.DatabaseError, sa.exc.InterfaceError, sa.exc.TimeoutError) as error:
            cause = getattr(error, "orig", None) or error
            raise LedgerUnavailable(f"its vault: {str(cause).partition(chr(10))[0]}") from error

    def get_many(self, wanted: Mapping[Id, str]) -> KeptTexts:
        """The texts of these ids, each with the digest that its fact holds; empty: that fact holds none."""
        texts: dict[UUID, str] = {}
        digests: dict[UUID, str] = dict(wanted.items())
        altered = set(digests)
        with self._engine.connect() as connection:
            for word_id, key, nonce, sealed in _rows(connection, digests):
                if key is None:
                    altered.remove(word_id)
                    continue
                with suppress(AlteredTextError):
                    text, digest = open_text(word_id, key, nonce, sealed)
                    if digests[word_id] in ("", digest):
                        texts[word_id] = text
                        altered.remove(word_id)
        return KeptTexts(texts, frozenset(altered))

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
        close_engine(self._engine)

    def _sweep(self) -> None:
        """Let the database overwrite the places where the key stood: old row versions and the write-ahead log."""
        with self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            if connection.dialect.name == "sqlite":
                connection.execute(sa.text("PRAGMA wal_checkpoint(TRUNCATE)"))
            else:
                connection.execute(sa.text("VACUUM vault.word_key"))

    def _put(self, connection: sa.Connection, encoded: Mapping[UUID, bytes]) -> dict[UUID, str]:
        digests: dict[UUID, str] = {}
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
            digests.update((word_id, text_digest(keys[word_id], word_id, encoded[word_id])) for word_id in mine)
        for word_id, key, nonce, sealed in _rows(connection, encoded.keys() - digests.keys()):
            if key is not None:
                with suppress(AlteredTextError):  # the audit names it; the fact can't say what it was
                    _, digests[word_id] = open_text(word_id, key, nonce, sealed)
        return digests

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


def _rows(
    connection: sa.Connection, ids: Collection[UUID]
) -> Iterator[tuple[UUID, bytes | None, bytes | None, bytes | None]]:
    """Id, key, nonce and sealed text of those that are known; without a key those that were forgotten."""
    for chunk in _chunks(list(ids)):
        yield from connection.execute(ROWS.where(KEYS.c.id.in_(chunk)))


def _seal(word_id: UUID, key: bytes, data: bytes) -> dict[str, object]:
    nonce = os.urandom(NONCE_BYTES)
    return {"id": word_id, "nonce": nonce, "sealed": AESGCM(key).encrypt(nonce, data, word_id.bytes)}


def _chunks(values: Sequence[T]) -> Iterator[list[T]]:
    iterator = iter(values)
    while chunk := list(islice(iterator, QUERY_IDS)):
        yield chunk
