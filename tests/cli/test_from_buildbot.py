"""`buildledger config from-buildbot`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run

PYTHON = Path(__file__).resolve().parents[2] / ".venv" / "buildbot" / "bin" / "python"
MASTER_CFG = """\
from buildbot.plugins import schedulers, steps, util, worker
print("rubbish")
c = BuildmasterConfig = {'buildbotNetUsageData': None, 'protocols': {'pb': {'port': 9989}}}
c['workers'] = [worker.Worker("one", "a-password-nobody-may-read")]
factory = util.BuildFactory([
    steps.Git(repourl='https://example.org/widget.git'),
    steps.Test(command=['make', 'test'], warningPattern=None),
])
c['builders'] = [util.BuilderConfig(name='tests', workernames=['one'], factory=factory)]
c['schedulers'] = [schedulers.ForceScheduler(name='force', builderNames=['tests'])]
"""


@pytest.fixture
def master_cfg(tmp_path: Path) -> Path:
    """A small configuration in a directory of its own."""
    (tmp_path / "master").mkdir()
    file = tmp_path / "master" / "master.cfg"
    file.write_text(MASTER_CFG)
    return file


def test_a_configuration_is_converted(run: Run, master_cfg: Path, tmp_path: Path) -> None:
    """It writes two files, says how much of each kind was converted, and what is next; nothing else is touched."""
    out = tmp_path / "out"
    done = run("config", "from-buildbot", master_cfg, "--python", PYTHON, "--out", out)
    assert done.exit_code == 0, done.output
    assert "builders       100 %   1 whole, 0 with parts missing, 0 lost" in done.output
    assert f"next: buildledger config check {out / 'buildledger.yaml'}" in done.output
    assert run("config", "check", out / "buildledger.yaml").exit_code == 0
    assert sorted(path.name for path in out.iterdir()) == ["buildledger.yaml", "unconverted.md"]
    assert [path.name for path in master_cfg.parent.iterdir()] == ["master.cfg"]
    assert "a-password-nobody-may-read" not in "".join(path.read_text() for path in out.iterdir())


def test_the_account_as_json(run: Run, master_cfg: Path, tmp_path: Path) -> None:
    """With --json each thing is listed with its place and what became of it."""
    done = run("config", "from-buildbot", master_cfg, "--python", PYTHON, "--out", tmp_path / "out", "--json")
    account = json.loads(done.stdout)
    assert account["kinds"]["builders"]["percent"] == 100
    places = {thing["name"]: (thing["place"], thing["status"]) for thing in account["things"]}
    assert places["one"] == ("master.cfg:4", "converted")


def test_a_directory_with_files_is_left_alone(run: Run, master_cfg: Path, tmp_path: Path) -> None:
    """Files that are there are written over with --force only."""
    out = tmp_path / "out"
    out.mkdir()
    (out / "buildledger.yaml").write_text("mine")
    command = ["config", "from-buildbot", master_cfg, "--python", PYTHON, "--out", out]
    refused = run(*command)
    assert (refused.exit_code, "isn't empty" in refused.output) == (1, True)
    assert (out / "buildledger.yaml").read_text() == "mine"
    assert run(*command, "--force").exit_code == 0
