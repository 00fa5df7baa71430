"""Words about people are kept encrypted, and can be forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from buildledger.ledger.vault import KEY_BITS, KEYS, MAX_TEXT_BYTES, NONCE_BYTES, WORDS, Vault
from tests.ledger.samples import stream


@pytest.fixture
def vault(database_url: str) -> Iterator[Vault]:
    vault = Vault.open(database_url)
    yield vault
    vault.close()


def test_words_come_back_as_they_were(vault: Vault, database_url: str) -> None:
    """Any text, also after the vault is opened again, and none that was never put."""
    words = {uuid4(): text for text in ("", "Ada <ada@example.org>", "naïve\x00\n😀", "odd \udcff byte", "x" * 100_000)}
    digests = vault.put_many(words)
    never = uuid4()
    assert vault.get_many({**digests, never: ""}) == (words, frozenset({never}))
    again = Vault.open(database_url)
    assert again.get_many(digests).texts == words
    again.close()


def test_thousands_are_put_and_read_at_once(vault: Vault) -> None:
    """More than one query names."""
    words = {stream(f"w{number}"): f"text {number}" for number in range(1_234)}
    digests = vault.put_many(words)
    assert vault.get_many(digests) == (words, frozenset())
    assert vault.put_many(words) == digests


def test_the_first_text_of_an_id_stays(vault: Vault) -> None:
    """Putting again, alone or with others, changes nothing."""
    first, second = uuid4(), uuid4()
    digests = vault.put_many({first: "one"})
    both = vault.put_many({first: "another", second: "two"})
    assert both[first] == digests[first]
    assert vault.get_many(both).texts == {first: "one", second: "two"}


def test_forgotten_words_never_come_back(vault: Vault) -> None:
    """Not by asking, and not by putting them again, as a poller that sees the commit once more would."""
    forgotten, kept = uuid4(), uuid4()
    before = vault.put_many({forgotten: "secret", kept: "public"})
    assert vault.forget(forgotten)
    assert not vault.forget(forgotten)
    assert not vault.forget(uuid4())
    assert vault.put_many({forgotten: "secret", kept: "public"}) == {kept: before[kept]}
    assert vault.get_many(before) == ({kept: "public"}, frozenset())


def test_files_hold_no_plain_words_and_no_destroyed_key(tmp_path: Path) -> None:
    """Neither text nor key can be found in the files afterwards, which are their owner's alone from the first."""
    url = f"sqlite:///{tmp_path}/ledger.db"
    vault = Vault.open(url)
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}
    word_id = uuid4()
    vault.put_many({word_id: "grace hopper was here"})
    with vault._engine.connect() as connection:
        key = connection.exec_driver_sql("SELECT key FROM word_key").scalar()
    assert isinstance(key, bytes)
    assert _found(tmp_path, key)
    assert not _found(tmp_path, b"grace hopper")
    vault.forget(word_id)
    assert not _found(tmp_path, key)
    vault.close()


def test_the_installation_key_is_made_once(database_url: str) -> None:
    """Every process of an installation keys claims alike, and no two installations do."""
    vaults = [Vault.open(database_url) for _ in range(2)]
    assert vaults[0].installation_key == vaults[1].installation_key
    assert len(vaults[0].installation_key) == 32
    for vault in vaults:
        vault.close()


def test_a_text_beyond_the_limit_is_refused_whole(vault: Vault) -> None:
    """Nothing of the batch is kept, so the caller can put the others again."""
    small, large = uuid4(), uuid4()
    with pytest.raises(ValueError, match="at most"):
        vault.put_many({small: "x", large: "x" * (MAX_TEXT_BYTES + 1)})
    assert vault.get_many({small: "", large: ""}).texts == {}


def test_a_text_that_was_sealed_anew_is_not_the_one_that_was_put(vault: Vault) -> None:
    """Whoever holds the keys can seal another text, or take another key: the digest that its fact holds tells."""
    kept, other = uuid4(), uuid4()
    digests = vault.put_many({kept: "fix the widget", other: "untouched"})
    for key in (None, AESGCM.generate_key(KEY_BITS)):
        seal_anew(vault, kept, "break the widget", key)
        assert vault.get_many(digests) == ({other: "untouched"}, frozenset({kept}))
    assert vault.get_many({kept: ""}).texts == {kept: "break the widget"}, "of facts of the first version nobody knows"
    seal_anew(vault, kept, "fix the widget", AESGCM.generate_key(KEY_BITS))
    assert vault.get_many(digests).altered == frozenset({kept}), "with another key the digest is another one too"


def test_a_text_that_cannot_be_read_is_no_fault(vault: Vault) -> None:
    """Altered bytes, a key of no length and a row that is gone are texts that nobody sees; the others are read."""
    ids = [uuid4() for _ in range(5)]
    digests = vault.put_many(dict.fromkeys(ids, "a text"))
    with vault._engine.begin() as connection:
        for number, (table, value) in enumerate(((WORDS, {"sealed": b"\0" * 40}), (KEYS, {"key": b""}))):
            connection.execute(sa.update(table).where(table.c.id == ids[number]).values(value))
        connection.execute(sa.delete(WORDS).where(WORDS.c.id == ids[2]))
        connection.execute(sa.delete(WORDS).where(WORDS.c.id == ids[3]))
        connection.execute(sa.delete(KEYS).where(KEYS.c.id == ids[3]))
    assert vault.get_many(digests) == ({ids[4]: "a text"}, frozenset(ids[:4]))


def test_a_digest_says_nothing_once_the_key_is_gone(vault: Vault) -> None:
    """The same text has another digest each time: none is made of the text alone."""
    ids = [uuid4(), uuid4()]
    first, second = vault.put_many(dict.fromkeys(ids, "the same")).values()
    assert first != second


def seal_anew(vault: Vault, word_id: UUID, text: str, key: bytes | None) -> None:
    """What somebody does who holds the keys; `key`: another one than the text has."""
    nonce = b"n" * NONCE_BYTES
    with vault._engine.begin() as connection:
        if key is not None:
            connection.execute(sa.update(KEYS).where(KEYS.c.id == word_id).values(key=key))
        key = connection.scalars(sa.select(KEYS.c.key).where(KEYS.c.id == word_id)).one()
        sealed = AESGCM(key).encrypt(nonce, text.encode(), word_id.bytes)
        connection.execute(sa.update(WORDS).where(WORDS.c.id == word_id).values(nonce=nonce, sealed=sealed))


def _found(directory: Path, needle: bytes) -> bool:
    return any(needle in path.read_bytes() for path in directory.iterdir())
