"""Damaged, cut and missing files lead to findings or to one readable line, never to a traceback."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from hashlib import sha256
from pathlib import Path

import psycopg
import pytest

from buildledger.ledger.ledger import Ledger
from buildledger.ledger.proof import Tree
from buildledger.ledger.signing import HeadKey
from buildledger.ledger.vault import Vault
from tests.cli.conftest import Run, ServedDirectory
from tests.ledger.samples import CLOCK, SYSTEM, open_log


def cut(name: str) -> Callable[[Path], None]:
    """Half of a file is gone, with what stands beside it."""

    def damage(state: Path) -> None:
        with sqlite3.connect(state / name) as database:
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        database.close()
        data = (state / name).read_bytes()
        (state / name).write_bytes(data[: len(data) // 2])

    return damage


def garbage(name: str) -> Callable[[Path], None]:
    """A file holds something else."""

    def damage(state: Path) -> None:
        for path in state.glob(f"{name}-*"):
            path.unlink()
        (state / name).write_bytes(b"this is no database\n" * 500)

    return damage


def gone(*names: str) -> Callable[[Path], None]:
    """Files or directories are missing."""

    def damage(state: Path) -> None:
        for name in names:
            for path in state.glob(f"{name}*"):
                shutil.rmtree(path) if path.is_dir() else path.unlink()

    return damage


def stream_id_of_three_bytes(state: Path) -> None:
    """A stream id isn't 16 bytes long."""
    with sqlite3.connect(state / "ledger.db") as database:
        for (trigger,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            database.execute(f'DROP TRIGGER "{trigger}"')
        database.execute("UPDATE fact SET stream_id = x'010203' WHERE position = 1")
    database.close()


def emptied(state: Path) -> None:
    """The ledger's file has no bytes."""
    gone("ledger.db")(state)
    (state / "ledger.db").touch()


def replaced_by_directory(state: Path) -> None:
    """A directory stands where the ledger was."""
    gone("ledger.db")(state)
    (state / "ledger.db").mkdir()


DAMAGES: dict[str, Callable[[Path], None]] = {
    "ledger cut": cut("ledger.db"),
    "proofs cut": cut("proof.db"),
    "vault cut": cut("vault.db"),
    "logs cut": cut("logs/logs.db"),
    "ledger garbage": garbage("ledger.db"),
    "proofs garbage": garbage("proof.db"),
    "vault garbage": garbage("vault.db"),
    "logs garbage": garbage("logs/logs.db"),
    "ledger empty": emptied,
    "ledger gone": gone("ledger.db"),
    "ledger a directory": replaced_by_directory,
    "stream id": stream_id_of_three_bytes,
}


@pytest.mark.parametrize("name", DAMAGES)
@pytest.mark.parametrize("command", ["verify", "replay"])
def test_the_audit_of_a_damaged_directory_is_readable(run: Run, copied: Path, name: str, command: str) -> None:
    """It ends with 0 or 1 and says in words what is the matter."""
    DAMAGES[name](copied)
    shown = run("audit", command, "--state", copied)
    assert shown.exception is None or isinstance(shown.exception, SystemExit), shown.exception
    assert shown.exit_code in (0, 1), shown.output
    assert "Traceback" not in shown.output
    if name.startswith("ledger") or name == "stream id":
        assert shown.exit_code == 1
        assert str(copied) in shown.output or "FAILED" in shown.output


def test_an_audit_writes_nothing(run: Run, copied: Path) -> None:
    """No file is changed by it, and none is made but SQLite's own empty ones beside a database."""

    def files() -> dict[str, str]:
        found = [path for path in copied.rglob("*") if path.is_file() and not path.name.endswith("-shm")]
        return {str(path): sha256(path.read_bytes()).hexdigest() for path in found if path.stat().st_size}

    before = files()
    assert run("audit", "verify", "--state", copied).exit_code == 0
    assert run("audit", "replay", "--state", copied).exit_code == 0
    assert files() == before


def facts_deleted(state: Path) -> None:
    """A fact is gone from the middle."""
    altered(state, "DELETE FROM fact WHERE position = 2")


def tail_deleted(state: Path) -> None:
    """The last facts are gone, with their place in the chain."""
    altered(state, "DELETE FROM fact WHERE position > 1", "DELETE FROM chain WHERE last_position > 1")


def fact_garbage(state: Path) -> None:
    """A fact holds something else."""
    altered(state, "UPDATE fact SET body = x'00ff00' WHERE position = 2")


def fact_changed(state: Path) -> None:
    """A fact says something else that can be read."""
    altered(state, "UPDATE fact SET body = CAST(replace(body, 'system', 'sustem') AS BLOB) WHERE position = 1")


def altered(state: Path, *statements: str) -> None:
    with sqlite3.connect(state / "ledger.db") as database:
        for (trigger,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            database.execute(f'DROP TRIGGER "{trigger}"')
        for statement in statements:
            database.execute(statement)
    database.close()


def heads_forged(state: Path) -> None:
    """A signed head says something else."""
    with sqlite3.connect(state / "proof.db") as database:
        database.execute("UPDATE head SET note = replace(note, 'signed_at 2', 'signed_at 1')")
    database.close()


def pointer(state: Path) -> None:
    """What names the generation of a read model in use holds something else."""
    for path in (state / "views").glob("status.*.db"):
        path.with_name(f"{path.name.partition('.g')[0]}.current").write_text("x")


def view(state: Path) -> None:
    """A read model's file holds something else."""
    for path in (state / "views").glob("status.*"):
        if "-" in path.name:
            path.unlink()
        else:
            path.write_bytes(b"nothing" * 900)


REFUSED: dict[str, tuple[Callable[[Path], None], str]] = {
    "hole": (facts_deleted, "facts are missing"),
    "tail": (tail_deleted, "facts are missing"),
    "garbage": (fact_garbage, "can't be read"),
    "changed": (fact_changed, "isn't the one that the Merkle tree was made of"),
    "heads": (heads_forged, "isn't what was signed"),
    "all facts": (gone("ledger.db"), "facts are missing"),
    "ledger cut": (cut("ledger.db"), "ledger"),
    "proofs cut": (cut("proof.db"), "proof"),
    "vault cut": (cut("vault.db"), "vault"),
    "ledger garbage": (garbage("ledger.db"), "not a database"),
    "proofs garbage": (garbage("proof.db"), "proof.db"),
    "vault garbage": (garbage("vault.db"), "vault.db"),
    "logs garbage": (garbage("logs/logs.db"), "logs.db"),
    "logs cut": (cut("logs/logs.db"), "logs.db"),
    "ledger a directory": (replaced_by_directory, "ledger.db"),
    "stream id": (stream_id_of_three_bytes, "no fact"),
    "generation": (pointer, "delete `views/`"),
    "read model": (view, "delete `views/`"),
}


@pytest.mark.timeout(60)
@pytest.mark.parametrize("name", REFUSED)
def test_a_server_refuses_what_contradicts_itself(run: Run, copied: Path, name: str) -> None:
    """It ends with 1 and says what is wrong and what to do, in words; nothing is signed over it."""
    damage, said = REFUSED[name]
    damage(copied)
    (copied / "server.lock").unlink()
    shown = run("serve", "--state", copied, "--http", "127.0.0.1:0", "--grpc", "127.0.0.1:0")
    assert isinstance(shown.exception, SystemExit), shown.exception
    assert shown.exit_code == 1, shown.output
    assert said in shown.output, shown.output
    assert "Traceback" not in shown.output


def test_damage_can_be_accepted(copied: Path) -> None:
    """With `--accept-damage` it starts, and the log says what is wrong."""
    fact_changed(copied)
    served = ServedDirectory(copied.parent)
    shutil.move(copied, served.state)
    served.start("--accept-damage")
    assert served.stop() == 0
    assert "accepted, because of --accept-damage" in served.output.read_text()


@pytest.mark.postgresql
def test_a_server_refuses_a_database_that_contradicts_itself(run: Run, tmp_path: Path, postgresql_url: str) -> None:
    """On PostgreSQL as well: it ends with 1 and says what is wrong, and so does the audit."""
    with (
        closing(Ledger.open(postgresql_url, clock=CLOCK)) as ledger,
        closing(Tree.open(ledger.store, postgresql_url)) as tree,
    ):
        Vault.open(postgresql_url).close()
        for name in ("a", "b", "c"):
            ledger.execute_blocking(open_log(name), origin=SYSTEM)
        tree.sign(HeadKey.at(tmp_path / "head-key.pem", "buildledger"), CLOCK)
    with psycopg.connect(postgresql_url, autocommit=True) as database:
        database.execute("SET session_replication_role = replica")
        database.execute("DELETE FROM ledger.fact WHERE position = 3")
        database.execute("DELETE FROM ledger.chain WHERE last_position = 3")
    place = ("--state", tmp_path, "--database", postgresql_url)
    shown = run("serve", *place, "--http", "127.0.0.1:0", "--grpc", "127.0.0.1:0")
    assert (shown.exit_code, "the last 1 facts are missing" in shown.output) == (1, True), shown.output
    assert "what is stored in the database contradicts itself" in shown.output
    assert run("audit", "verify", *place).exit_code == 1
