"""What the README has people type under *Use it* works as it stands there."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from pathlib import Path

from tests.fakes.ports import free_port

ROOT = Path(__file__).parent.parent.parent
DEADLINE_SECONDS = 60.0
BACKGROUND = ("buildledger serve", "buildledger worker")


def _blocks() -> list[str]:
    section = (ROOT / "README.md").read_text().partition("## Use it\n")[2].partition("\n## ")[0]
    return re.findall(r"^```\w*\n(.*?)^```", section, re.MULTILINE | re.DOTALL)


def _programs(directory: Path) -> Path:
    """A directory that has `buildledger`, for the PATH."""
    programs = directory / "bin"
    programs.mkdir()
    program = programs / "buildledger"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -P -m buildledger "$@"\n')
    program.chmod(0o755)
    return programs


def _await(line: str, environment: dict[str, str], directory: Path, wanted: str) -> str:
    """Type a command until its output has what is wanted."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while True:
        done = subprocess.run(
            ["/bin/sh", "-c", line], cwd=directory, env=environment, capture_output=True, text=True, check=False
        )
        if wanted in done.stdout and done.returncode == 0:
            return done.stdout
        assert time.monotonic() < deadline, f"{line}: {done.stdout}{done.stderr}"
        time.sleep(0.2)


def test_the_commands_of_the_readme(tmp_path: Path) -> None:
    """The configuration is checked, the server started, a worker enrolled, a link printed and the ledger verified."""
    two_commands, configuration, commands = _blocks()
    assert two_commands == "buildledger init\nbuildledger serve\n", "they are typed by test_two_commands.py"
    (tmp_path / "ci.yaml").write_text(configuration)
    state = tmp_path / "state"
    http, grpc = f"127.0.0.1:{free_port()}", f"127.0.0.1:{free_port()}"
    here = commands.replace("/var/lib/buildledger", str(state)).replace("127.0.0.1:8011", grpc)
    lines = [line for line in here.replace("\\\n", " ").splitlines() if line]
    running: list[subprocess.Popen[bytes]] = []
    environment = {**os.environ, "PATH": f"{_programs(tmp_path)}{os.pathsep}{os.environ['PATH']}"}
    with (tmp_path / "output").open("wb") as output:
        try:
            for line in lines:
                if not line.startswith(BACKGROUND):
                    _await(line, environment, tmp_path, "")
                    continue
                more = f" --http {http} --grpc {grpc}" if line.startswith("buildledger serve ") else ""
                typed = ["/bin/sh", "-c", f"exec {line}{more}"]
                running.append(subprocess.Popen(typed, cwd=tmp_path, env=environment, stdout=output, stderr=output))
                _await(f"buildledger workers list --json --state {state}", environment, tmp_path, "linux")
            assert len(running) == 2
            assert all(process.poll() is None for process in running), (tmp_path / "output").read_text()
        finally:
            for process in reversed(running):
                process.terminate()
                process.wait(DEADLINE_SECONDS)
