"""`buildledger audit` and `buildledger projections`, on what a server left behind."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from tests.cli.conftest import Run


def test_what_was_not_altered_is_verified(run: Run, left: Path) -> None:
    """A ledger as the server left it fits, for people and for programs."""
    assert run("audit", "verify", "--state", left).exit_code == 0
    shown = run("audit", "verify", "--json", "--state", left)
    assert (shown.exit_code, json.loads(shown.output)["ok"]) == (0, True)


def test_an_altered_fact_is_named(run: Run, copied: Path) -> None:
    """A fact whose bytes were changed in the database is found, and the exit code is 1."""
    with sqlite3.connect(copied / "ledger.db") as database:
        for (trigger,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            database.execute(f'DROP TRIGGER "{trigger}"')
        database.execute("UPDATE fact SET body = CAST(body || ' ' AS BLOB) WHERE position = 1")
    shown = run("audit", "verify", "--json", "--state", copied)
    assert (shown.exit_code, json.loads(shown.output)["ok"]) == (1, False)


def test_the_past_is_replayed(run: Run, left: Path) -> None:
    """At position 1 there is only the stream of the server that had started; later there is the configuration too."""
    first = json.loads(run("audit", "replay", "--to", "1", "--state", left).output)
    last = json.loads(run("audit", "replay", "--state", left).output)
    assert len(first["streams"]) == 1
    assert len(last["streams"]) > 1


@pytest.mark.parametrize("command", [("audit", "verify"), ("audit", "replay"), ("projections", "rebuild", "all")])
def test_where_there_is_no_ledger(run: Run, tmp_path: Path, command: tuple[str, ...]) -> None:
    """A directory without a ledger is an error of one line, and nothing is made there."""
    shown = run(*command, "--state", tmp_path)
    assert shown.exit_code == 1
    assert f"there is no ledger in {tmp_path}" in shown.output
    assert list(tmp_path.iterdir()) == []


def test_read_models_are_listed_and_rebuilt(run: Run, copied: Path) -> None:
    """Each read model has a name and a version, and is rebuilt to the last position of the ledger."""
    names = [line.split()[0] for line in run("projections", "list").output.splitlines()]
    assert "status" in names
    shown = run("projections", "rebuild", "all", "--state", copied)
    assert shown.exit_code == 0
    rebuilt = [line for line in shown.output.splitlines() if "is in use" in line]
    assert [line.split(":")[0] for line in rebuilt] == names
    assert len({line.rsplit(" ", 1)[1] for line in rebuilt}) == 1


def test_an_unknown_read_model(run: Run, left: Path) -> None:
    """A name that no read model has is refused with those that there are."""
    shown = run("projections", "rebuild", "nothing", "--state", left)
    assert shown.exit_code == 2
    assert "status" in shown.output
