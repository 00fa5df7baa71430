"""The configuration file of a server that runs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from buildledger.clock import SystemClock
from buildledger.config.configurations import Configurations
from buildledger.config.problems import ConfigErrors
from buildledger.intake.active_configuration import ActiveConfiguration
from buildledger.intake.config_file import ConfigFile
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


async def test_warnings_of_a_file_are_logged(tmp_path: Path, ledger: Ledger, caplog: pytest.LogCaptureFixture) -> None:
    """It is applied; what can't be meant in it is said once, and again when it has changed."""
    path = tmp_path / "ci.yaml"
    path.write_text("version: 1\nlocks: {nobody: {count: 1}}\nbuilders: {b: {steps: [{run: [x]}]}}\n")
    file = ConfigFile(path, ledger, ActiveConfiguration(ledger, Configurations(ledger.at)))
    for _ in range(2):
        await file.apply()
        assert [record.getMessage().count("nobody takes the lock 'nobody' ") for record in caplog.records] == [1]
