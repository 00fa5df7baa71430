"""The configuration file of a server that runs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection
from pathlib import Path

import pytest

from buildledger.clock import SystemClock
from buildledger.config.configurations import Configurations
from buildledger.config.problems.problem import ConfigErrors
from buildledger.events.config import ConfigApplied
from buildledger.intake.active_configuration import ActiveConfiguration
from buildledger.intake.config_file import LOOK_SECONDS, ConfigFile
from buildledger.ledger.ledger import Ledger
from tests.fakes.vault import ROOT_TOKEN, fake_vault
from tests.faults.installation import wait_until


@pytest.fixture
async def ledger(tmp_path: Path) -> AsyncIterator[Ledger]:
    """An empty one."""
    ledger = Ledger.open(f"sqlite:///{tmp_path / 'ledger.db'}", clock=SystemClock())
    yield ledger
    ledger.close()


async def test_a_file_whose_secrets_cannot_be_asked_for_is_tried_again(tmp_path: Path, ledger: Ledger) -> None:
    """Nothing of the file changes when Vault is unsealed."""
    active = ActiveConfiguration(ledger, Configurations(ledger.at))
    path = tmp_path / "ci.yaml"
    (tmp_path / "token").write_text(ROOT_TOKEN)
    with fake_vault() as vault:
        vault.sealed = True
        path.write_text(
            f"version: 1\nsecrets: {{provider: vault, address: '{vault.address}', login: {{token_file: token}}}}\n"
            "builders: {b: {steps: [{run: [x], env: {A: {secret: pypi}}}]}}\n"
        )
        vault.secrets["secret/data/pypi"] = {"value": "pypi-AgEIcHlwaS5vcmc"}
        file = ConfigFile(path, ledger, active, again_seconds=0.1)
        with pytest.raises(ConfigErrors, match="is sealed"):
            await file.apply()
        watching = asyncio.create_task(file.watch())
        vault.sealed = False
        await asyncio.to_thread(wait_until, lambda: file.rejected is None, "the file is applied")
        watching.cancel()
    await active.load()
    assert active.revision == 1


async def test_a_file_is_tried_again_once_its_secret_is_there(
    tmp_path: Path, ledger: Ledger, caplog: pytest.LogCaptureFixture
) -> None:
    """Though nothing of it has changed; until then what is wrong is logged once, however often it is tried."""
    active = ActiveConfiguration(ledger, Configurations(ledger.at))
    path, secret = tmp_path / "ci.yaml", tmp_path / "secrets" / "token"
    secret.parent.mkdir()
    path.write_text("version: 1\nsecrets: {provider: file, path: secrets}\n")
    file = ConfigFile(path, ledger, active, again_seconds=0.02)
    await file.apply()
    watching = asyncio.create_task(file.watch())
    before = path.read_text()
    path.write_text(before + "builders: {b: {steps: [{run: [x], env: {A: {secret: token}}}]}}\n")
    await asyncio.to_thread(wait_until, lambda: file.rejected is not None, "the file is refused")
    await asyncio.sleep(3 * LOOK_SECONDS)
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    secret.write_text("s3cr3t-value")
    await asyncio.to_thread(wait_until, lambda: file.rejected is None, "the file is applied")
    watching.cancel()
    await active.load()
    assert active.revision == 2


async def test_warnings_of_a_file_are_logged(tmp_path: Path, ledger: Ledger, caplog: pytest.LogCaptureFixture) -> None:
    """It is applied; what can't be meant in it is said once, and again when it has changed."""
    path = tmp_path / "ci.yaml"
    path.write_text("version: 1\nlocks: {nobody: {count: 1}}\nbuilders: {b: {steps: [{run: [x]}]}}\n")
    file = ConfigFile(path, ledger, ActiveConfiguration(ledger, Configurations(ledger.at)))
    for _ in range(2):
        await file.apply()
        assert [record.getMessage().count("nobody takes the lock 'nobody' ") for record in caplog.records] == [1]


async def test_a_directory_is_followed_file_by_file(tmp_path: Path, ledger: Ledger) -> None:
    """A file that comes, changes or goes is applied; while one is bad, what is in force stays."""
    active = ActiveConfiguration(ledger, Configurations(ledger.at))
    folder = tmp_path / "conf.d"
    folder.mkdir()
    (folder / "a.yaml").write_text("version: 1\nlocks: {a: {}}\n")
    file = ConfigFile(folder, ledger, active)
    await file.apply()
    watching = asyncio.create_task(file.watch())

    async def until(locks: set[str], *, rejected: bool = False) -> None:
        def is_so() -> bool:
            newest = active.newest()[0]
            return newest is not None and newest.locks.keys() == locks and (file.rejected is not None) == rejected

        await asyncio.to_thread(wait_until, is_so, f"{locks} are in force")

    (folder / "b.yaml").write_text("locks: {b: {}}\n")
    await until({"a", "b"})
    (folder / "b.yaml").write_text("locks: {b: {}, c: {}}\n")
    await until({"a", "b", "c"})
    (folder / "c.yaml").symlink_to("nowhere")
    await until({"a", "b", "c"}, rejected=True)
    (folder / "c.yaml").unlink()
    await until({"a", "b", "c"})
    (folder / "b.yaml").unlink()
    await until({"a"})
    watching.cancel()


async def test_a_file_that_is_still_being_written_is_not_applied(tmp_path: Path, ledger: Ledger) -> None:
    """A program empties it, writes half of it and goes on writing: only what stands still is read."""
    active = ActiveConfiguration(ledger, Configurations(ledger.at))
    path = tmp_path / "ci.yaml"
    path.write_text("version: 1\nlocks:\n  first: {}\n")
    file = ConfigFile(path, ledger, active)
    await file.apply()
    watching = asyncio.create_task(file.watch())
    with path.open("w") as writing:
        writing.write("version: 1\nlocks:\n")
        for number in range(12):
            writing.write(f"  lock-{number}: {{}}\n")
            writing.flush()
            await asyncio.sleep(LOOK_SECONDS / 2)
    await asyncio.to_thread(wait_until, lambda: len(_locks(active)) == 12, "all of it is in force")
    watching.cancel()
    revisions = [fact.fact.revision for fact in ledger.read(0, 100) if isinstance(fact.fact, ConfigApplied)]
    assert revisions == [1, 2]


def _locks(active: ActiveConfiguration) -> Collection[str]:
    newest, _ = active.newest()
    assert newest is not None
    return newest.locks.keys()
