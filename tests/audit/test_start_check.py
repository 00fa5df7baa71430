"""No server goes on with a ledger that contradicts itself, on either database; several seal one together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import pytest
import sqlalchemy as sa

from buildledger.audit.installation import stored_installation
from buildledger.audit.report import Check
from buildledger.audit.start_check import contradictions, missing_facts
from buildledger.events.seal import SealMade
from buildledger.ledger.database import open_engine, open_store
from buildledger.ledger.ledger import Ledger
from buildledger.ledger.proof import Tree
from buildledger.ledger.signing import HeadKey
from buildledger.ledger.tree_head_signer import TreeHeadSigner
from buildledger.ledger.vault import Vault
from buildledger.ledger.vault_reading import VaultReader
from tests.audit.tampering import Tamper
from tests.ledger.samples import CLOCK, SYSTEM, open_log, origin

LOGS = 6


@dataclass(frozen=True, kw_only=True)
class Serving:
    """A server, as far as it signs."""

    ledger: Ledger
    signer: TreeHeadSigner


@contextmanager
def serving(url: str, key: HeadKey) -> Iterator[Serving]:
    """One that signs and seals whenever something was recorded."""
    with closing(Ledger.open(url, clock=CLOCK)) as ledger, closing(Tree.open(ledger.store, url)) as tree:
        signer = TreeHeadSigner(ledger, tree, key, CLOCK, interval_seconds=0.001)
        try:
            yield Serving(ledger=ledger, signer=signer)
        finally:
            signer.close()


def record(server: Serving, numbers: Sequence[int]) -> None:
    """Facts, by commands that a client has named."""
    for number in numbers:
        server.ledger.execute_blocking(open_log(str(number)), origin=origin(UUID(int=number + 1)))
        server.ledger.execute_blocking(open_log(f"also {number}"), origin=SYSTEM)


@pytest.fixture
def signed(database_url: str, tmp_path: Path) -> str:
    """The URL of a ledger that one server has signed and sealed."""
    Vault.open(database_url).close()
    with serving(database_url, HeadKey.at(tmp_path / "one.pem", "one")) as server:
        record(server, range(LOGS))
    return database_url


def look(url: str) -> Sequence[str]:
    """What a server would say at its start."""
    with closing(open_store(url)) as store, closing(Tree.open(store, url, read_only=True)) as tree:
        return contradictions(store, tree, VaultReader.open(url))


def test_servers_sign_and_seal_one_ledger(database_url: str, tmp_path: Path) -> None:
    """Each with a key of its own and at the same time: every head and every named command is sealed, and all fits."""
    Vault.open(database_url).close()
    with (
        serving(database_url, HeadKey.at(tmp_path / "one.pem", "one")) as one,
        serving(database_url, HeadKey.at(tmp_path / "two.pem", "two")) as two,
    ):
        for number in range(LOGS):
            record((one, two)[number % 2], [number])
    assert (one.signer.failure, two.signer.failure) == (None, None)
    assert look(database_url) == []
    with closing(Ledger.open(database_url, clock=CLOCK)) as ledger:
        seals = [each.fact for each in ledger.read(0, 1_000) if isinstance(each.fact, SealMade)]
        assert sum(each.command_count for each in seals) == LOGS
    with stored_installation(tmp_path, database_url) as stored:
        report = stored.verify(skipped={Check.LOGS, Check.ARTIFACTS, Check.READ_MODELS})
        assert report.ok, report.to_text()


ALTERED = {
    "hole": (("DELETE FROM fact WHERE position = 2",), "1 facts are missing"),
    "tail": (
        ("DELETE FROM fact WHERE position > 4", "DELETE FROM chain WHERE last_position > 4"),
        "facts are missing",
    ),
    "chain": (("DELETE FROM chain WHERE last_position > 4",), "the chain of commits ends at"),
    "garbage": (("UPDATE fact SET body = CAST(x'00' AS BLOB) WHERE position = 2",), "position 2 can't be read"),
    "changed": (
        ("UPDATE fact SET version = version + 7 WHERE position = 3",),
        "position 3 isn't the one that the Merkle tree was made of",
    ),
}


@pytest.mark.parametrize("name", ALTERED)
def test_what_was_altered_is_seen_at_the_start(signed: str, tamper: Tamper, name: str) -> None:
    """The place is named; nothing is found before."""
    assert look(signed) == []
    statements, said = ALTERED[name]
    tamper(*statements)
    found = look(signed)
    assert said in " ".join(found)
    with closing(open_store(signed)) as store, closing(Tree.open(store, signed, read_only=True)) as tree:
        assert (missing_facts(store, tree) > 0) == (name == "tail")


def test_a_tail_that_is_gone_with_its_heads_is_seen_at_the_start(signed: str, tamper: Tamper) -> None:
    """The Merkle tree was made over it."""
    statements, _ = ALTERED["tail"]
    tamper(*statements)
    engine, head = open_engine(signed, "proof"), sa.Table("head", sa.MetaData(), sa.Column("note", sa.Text))
    with engine.begin() as connection:
        connection.execute(head.delete())
    engine.dispose()
    assert "the Merkle tree was made over" in " ".join(look(signed))


def test_a_forged_head_is_seen_at_the_start(signed: str) -> None:
    """It isn't what was signed."""
    engine, head = open_engine(signed, "proof"), sa.Table("head", sa.MetaData(), sa.Column("note", sa.Text))
    with engine.begin() as connection:
        forged = sa.func.replace(head.c.note, "signed_at 2", "signed_at 1")
        connection.execute(head.update().values(note=forged))
    engine.dispose()
    assert "isn't what was signed" in " ".join(look(signed))
