"""A `master.cfg` that can't be loaded: it ends in time, is said by name and line, and nothing is written."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import psutil
import pytest

from tests.cli.conftest import Run

PYTHON = Path(__file__).resolve().parents[2] / ".venv" / "buildbot" / "bin" / "python"
WHOLE = "c = BuildmasterConfig = {'workers': [], 'builders': [], 'schedulers': [], 'buildbotNetUsageData': None}\n"

FAULTS = {
    "exits": ("import sys\nsys.exit('no')\n", ["master.cfg:2: it ends the process (SystemExit: no)"]),
    "leaves": ("import os\n\nos._exit(3)\n", ["master.cfg:3: it ends the process (os._exit(3))"]),
    "raises": ("x = 1\ny = {}['workers']\n", ["master.cfg:2: it can't be loaded: KeyError: 'workers'"]),
    "syntax": ("x = 1\nprint 'hello'\n", ["master.cfg:2: it can't be loaded: SyntaxError", "upgrading"]),
    "module": ("import nobody_has_this\n", ["master.cfg:1: it can't be loaded: ModuleNotFoundError", "Install"]),
    "hangs": (
        "import time\ntime.sleep(600)\n",
        ["master.cfg:2: it was still being loaded after 2 s, here", "--timeout"],
    ),
    "memory": ("x = 'x' * (8 << 30)\n", ["master.cfg:1: it needs more than 4 GiB of memory"]),
    "slaves": (
        "from buildbot.buildslave import BuildSlave\n",
        ["master.cfg:1", "No module named 'buildbot.buildslave'", "older Buildbot than 4.3.0", "upgrading"],
    ),
    "keys": (
        "c = BuildmasterConfig = {'slaves': [], 'builders': []}\n",
        ["Buildbot 4.3.0 refuses it: Unknown BuildmasterConfig key slaves", "older Buildbot than 4.3.0"],
    ),
    "nothing": ("x = 1\n", ["does not define 'BuildmasterConfig'", "buildbot checkconfig"]),
}


@pytest.mark.parametrize("name", FAULTS)
def test_it_is_said_by_name_and_line(run: Run, tmp_path: Path, name: str) -> None:
    """Exit code 1, the place, the reason, what to do; no traceback, no output directory."""
    text, said = FAULTS[name]
    file = tmp_path / "master.cfg"
    file.write_text(text)
    done = run("config", "from-buildbot", file, "--python", PYTHON, "--out", tmp_path / "out", "--timeout", "2")
    assert done.exit_code == 1
    for each in said:
        assert each in done.output, done.output
    assert "Traceback" not in done.output
    assert [path.name for path in tmp_path.iterdir()] == ["master.cfg"]


def test_what_it_starts_is_ended(run: Run, tmp_path: Path) -> None:
    """Rubbish on its output, a fork, a program that goes on past every limit: nothing is left running."""
    file = tmp_path / "master.cfg"
    file.write_text(
        "import os, subprocess, sys, time\n"
        "print('rubbish'); os.write(1, b'{more rubbish}\\n')\n"
        "left = subprocess.Popen(['sleep', '600.25'])\n"
        "if os.fork() == 0:\n    time.sleep(600.5)\n" + WHOLE
    )
    done = run("config", "from-buildbot", file, "--python", PYTHON, "--out", tmp_path / "out", "--timeout", "30")
    assert done.exit_code == 1, done.output
    assert "no workers are configured" in done.output
    lines = [process.info["cmdline"] or [] for process in psutil.process_iter(["cmdline"])]
    assert not [line for line in lines if "600.25" in line or str(file) in line]


def test_a_python_without_buildbot(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is named, with how one comes by Buildbot; so it is where none is found at all."""
    file = tmp_path / "master.cfg"
    file.write_text(WHOLE)
    done = run("config", "from-buildbot", file, "--python", sys.executable, "--out", tmp_path / "out")
    assert (done.exit_code, f"there is no Buildbot in {sys.executable}" in done.output) == (1, True)
    monkeypatch.setenv("PATH", os.path.dirname(sys.executable))  # noqa: PTH120 - a text of the environment
    monkeypatch.setenv("VIRTUAL_ENV", str(tmp_path))
    done = run("config", "from-buildbot", file, "--out", tmp_path / "out")
    assert (done.exit_code, "pip install buildbot" in done.output) == (1, True)
    done = run("config", "from-buildbot", file, "--python", tmp_path / "missing", "--out", tmp_path / "out")
    assert (done.exit_code, "--python names no Python" in done.output) == (1, True)
