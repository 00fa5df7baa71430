"""How `buildledger worker` understands what it is given."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from buildledger.cli.main import group
from buildledger.worker import command_line
from buildledger.worker.main import EXIT_MISCONFIGURED
from buildledger.worker.settings import WorkerSettings


def test_a_worker_may_be_given_relative_directories(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What runs steps gets absolute paths, since it doesn't stay in the directory in which the worker was started."""
    heard: list[WorkerSettings] = []

    async def note(settings: WorkerSettings) -> int:
        heard.append(settings)
        return 0

    monkeypatch.setattr(command_line, "run_worker", note)
    monkeypatch.chdir(tmp_path)

    options = ["worker", "--server", "127.0.0.1:1", "--name", "local", "--state", "mine"]
    result = CliRunner().invoke(group, options)

    assert result.exit_code == 0, result.output
    assert heard[0].state_dir == tmp_path.resolve() / "mine"
    assert heard[0].work_dir == tmp_path.resolve() / "mine" / "work"


def test_the_help_is_the_workers_own() -> None:
    """`buildledger worker --help` shows the options of the worker, under the name that was typed."""
    result = CliRunner().invoke(group, ["worker", "--help"])

    assert result.exit_code == 0
    assert "Usage: buildledger worker" in result.output
    assert "--on-crash" in result.output


def test_a_file_of_issuers_that_holds_none_is_refused(tmp_path: Path) -> None:
    """The worker ends with the reason instead of trying for ever, or trusting the token alone."""
    junk = tmp_path / "ca.pem"
    junk.write_text("no certificate")
    options = ["--server", "127.0.0.1:1", "--name", "local", "--state", str(tmp_path / "state"), "--ca", str(junk)]

    assert CliRunner().invoke(group, ["worker", *options]).exit_code == EXIT_MISCONFIGURED
