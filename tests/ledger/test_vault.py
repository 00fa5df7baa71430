"""Words about people are kept encrypted, and can be forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from buildledger.ledger.vault import MAX_TEXT_BYTES, Vault
from tests.ledger.samples import stream


@pytest.fixture
def vault(database_url: str) -> Iterator[Vault]:
    vault = Vault.open(database_url)
    yield vault
    vault.close()


def test_words_come_back_as_they_were(vault: Vault, database_url: str) -> None:
    """Any text, also after the vault is opened again, and none that was never put."""
    words = {uuid4(): text for text in ("", "Ada <ada@example.org>", "naïve\x00\n😀", "odd \udcff byte", "x" * 100_000)}
    vault.put_many(words)
    assert vault.get_many([*words, uuid4()]) == words
    again = Vault.open(database_url)
    assert again.get_many(list(words)) == words
    again.close()


def test_thousands_are_put_and_read_at_once(vault: Vault) -> None:
    """More than one query names."""
    words = {stream(f"w{number}"): f"text {number}" for number in range(1_234)}
    vault.put_many(words)
    assert vault.get_many(list(words)) == words


def test_the_first_text_of_an_id_stays(vault: Vault) -> None:
    """Putting again, alone or with others, changes nothing."""
    first, second = uuid4(), uuid4()
    vault.put_many({first: "one"})
    vault.put_many({first: "another", second: "two"})
    assert vault.get_many([first, second]) == {first: "one", second: "two"}


def test_forgotten_words_never_come_back(vault: Vault) -> None:
    """Not by asking, and not by putting them again, as a poller that sees the commit once more would."""
    forgotten, kept = uuid4(), uuid4()
    vault.put_many({forgotten: "secret", kept: "public"})
    assert vault.forget(forgotten)
    assert not vault.forget(forgotten)
    assert not vault.forget(uuid4())
    vault.put_many({forgotten: "secret", kept: "public"})
    assert vault.get_many([forgotten, kept]) == {kept: "public"}


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
    assert vault.get_many([small, large]) == {}


def _found(directory: Path, needle: bytes) -> bool:
    return any(needle in path.read_bytes() for path in directory.iterdir())
