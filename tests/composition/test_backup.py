"""A backup is whole whatever the server does meanwhile, and a server can be started in it."""

from __future__ import annotations

import asyncio
import hashlib
import os
import stat
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import pytest
from click.testing import CliRunner

from buildledger.cli.main import group
from buildledger.composition.backup import BackupError, back_up
from buildledger.composition.server import Server
from buildledger.logs.artifacts_local import LocalArtifactStore
from buildledger.logs.local import LocalLogStore
from buildledger.logs.store import LogBytes
from buildledger.settings import ADMIN_TOKEN_FILE, Address, ServerSettings
from tests.worker.conftest import eventually

ANY_PORT = Address(host="127.0.0.1", port=0)
CONFIG = 'version: 1\nsources: {app: {git: "https://example.org/app.git", poll: never}}\n'
BACKUPS = 2
LOG_BYTES = 200_000
"""Of one append: large enough that it stands in a pack beside the database."""


def settings(directory: Path, state: str) -> ServerSettings:
    config = directory / "ci.yaml"
    config.write_text(CONFIG)
    return ServerSettings(state=directory / state, config=config, http=ANY_PORT, grpc=ANY_PORT)


def client_of(server: Server, state: Path) -> httpx.AsyncClient:
    token = (state / ADMIN_TOKEN_FILE).read_text().strip()
    return httpx.AsyncClient(base_url=f"{server.url}/api/v1", headers={"Authorization": f"Bearer {token}"})


def names_in(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


def commit(number: int) -> dict[str, object]:
    """A push of one commit, whose author and message go into the vault."""
    one = {
        "revision": hashlib.sha1(str(number).encode()).hexdigest(),
        "author": f"Author {number} <a{number}@example.org>",
        "message": f"Change {number}",
        "committed_at": "2026-01-01T00:00:00Z",
    }
    return {"branch": "main", "commits": [one]}


async def test_a_server_starts_in_a_backup_that_was_made_while_it_worked(tmp_path: Path) -> None:
    """Each is whole for the audit, and has at least what was acknowledged before it was begun."""
    state = tmp_path / "state"
    acknowledged = 0
    async with Server(settings(tmp_path, "state")).running() as server, client_of(server, state) as client:

        async def push_on() -> None:
            nonlocal acknowledged
            while True:
                (await client.post("/sources/app/changes", json=commit(acknowledged))).raise_for_status()
                acknowledged += 1

        pushing = asyncio.create_task(push_on())
        expected = []
        for number in range(BACKUPS):
            await eventually(lambda wanted=5 * (number + 1): acknowledged >= wanted)  # type: ignore[misc]
            before = acknowledged
            made = await asyncio.to_thread(back_up, state, tmp_path / f"copy{number}")
            expected.append((before, made))
        assert not pushing.done(), pushing.exception()
        pushing.cancel()
    for number, (before, made) in enumerate(expected):
        copy = tmp_path / f"copy{number}"
        verified = CliRunner().invoke(group, ["audit", "verify", "--state", str(copy)])
        assert verified.exit_code == 0, verified.output
        assert made.position is not None
        async with Server(settings(tmp_path, f"copy{number}")).running() as server, client_of(server, copy) as client:
            shown = (await client.get("/changes", params={"limit": 500})).json()
        subjects = {change["subject"] for change in shown["items"]}
        assert {f"Change {each}" for each in range(min(before, 100))} <= subjects


async def test_logs_are_copied_while_they_grow(tmp_path: Path) -> None:
    """Of every log that was finished before the backup was begun each byte is in it, in the database and in packs."""
    state = tmp_path / "state"
    async with Server(settings(tmp_path, "state")).running():
        pass
    logs = LocalLogStore(state / "logs")
    finished: dict[UUID, str] = {}

    async def write_on() -> None:
        while True:
            log_id, data = uuid4(), os.urandom(LOG_BYTES) + b"the last line"
            await logs.append([LogBytes(log_id=log_id, offset=0, data=data)], finish=[log_id])
            finished[log_id] = hashlib.sha256(data).hexdigest()

    writing = asyncio.create_task(write_on())
    await eventually(lambda: len(finished) >= 5)
    known = dict(finished)
    await asyncio.to_thread(back_up, state, tmp_path / "copy")
    writing.cancel()
    await asyncio.to_thread(logs.close)
    copied = LocalLogStore(tmp_path / "copy" / "logs")
    for log_id, digest in known.items():
        data = b"".join([piece async for piece in copied.raw(log_id)])
        assert hashlib.sha256(data).hexdigest() == digest
    copied.close()


async def test_files_of_builds_and_keys_are_in_it_for_its_owner_only(tmp_path: Path) -> None:
    """Artifacts and keys are the same bytes; nobody else can read them; uploads that haven't ended are left out."""
    state = tmp_path / "state"
    async with Server(settings(tmp_path, "state")).running():
        pass
    artifact = LocalArtifactStore(state / "artifacts").put(b"a file of a build")
    (state / "artifacts" / "incoming" / "part").write_bytes(b"half")
    made = back_up(state, tmp_path / "copy")
    assert b"".join(LocalArtifactStore(tmp_path / "copy" / "artifacts").read(artifact)) == b"a file of a build"
    assert (tmp_path / "copy" / "head-key.pem").read_bytes() == (state / "head-key.pem").read_bytes()
    assert not list((tmp_path / "copy").rglob("part"))
    assert not list((tmp_path / "copy").rglob("*-wal"))
    assert stat.S_IMODE((tmp_path / "copy").stat().st_mode) == 0o700
    assert made.file_count >= 5


async def test_a_backup_that_cannot_be_made_leaves_nothing(tmp_path: Path) -> None:
    """Neither a directory that is there nor one without a ledger is touched; what is damaged or gone is named."""
    (tmp_path / "there").mkdir()
    state = tmp_path / "state"
    with pytest.raises(BackupError, match="no ledger in"):
        back_up(state, tmp_path / "copy")
    async with Server(settings(tmp_path, "state")).running():
        pass
    with pytest.raises(BackupError, match="is there already"):
        back_up(state, tmp_path / "there")
    (state / "vault.db").write_bytes(b"no database")
    with pytest.raises(BackupError, match="not a database"):
        back_up(state, tmp_path / "copy")
    (state / "vault.db").unlink()
    with pytest.raises(BackupError, match=r"vault\.db is missing"):
        back_up(state, tmp_path / "copy")
    assert names_in(tmp_path) == ["ci.yaml", "state", "there"]


async def test_the_command_says_what_is_in_it(tmp_path: Path) -> None:
    """One line about the copy, and one with the command that looks whether it is whole; what fails is one line, too."""
    async with Server(settings(tmp_path, "state")).running():
        pass
    run = CliRunner()
    made = run.invoke(group, ["backup", "--state", str(tmp_path / "state"), str(tmp_path / "copy")])
    assert made.exit_code == 0
    assert "up to ledger position" in made.output
    assert f"buildledger audit verify --state {tmp_path / 'copy'}" in made.output
    again = run.invoke(group, ["backup", "--state", str(tmp_path / "state"), str(tmp_path / "copy")])
    assert (again.exit_code, again.output.count("\n")) == (1, 1)
