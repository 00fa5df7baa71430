"""`buildledger demo`: a server and a worker that build a repository."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from tests.cli.conftest import Run
from tests.fakes.ports import free_port
from tests.fakes.repository import Repository

CONFIG = """\
version: 1
sources:
  app: {git: %s, poll: 1s}
workers:
  local: {capacity: 1}
builders:
  tests:
    steps: [{checkout: app}, {run: [%s]}]
triggers: [{on: change, source: app, build: [tests]}]
"""
LIMIT_SECONDS = 240


def _demo(directory: Path, command: str) -> subprocess.Popen[str]:
    repository = Repository(directory / "repository")
    repository.commit("the first commit")
    config = directory / "ci.yaml"
    config.write_text(CONFIG % (directory / "repository", command))
    state = directory / "state"
    argv = [sys.executable, "-m", "buildledger", "demo", "--once", "--config", str(config), "--state", str(state)]
    argv += ["--http", f"127.0.0.1:{free_port()}", "--grpc", f"127.0.0.1:{free_port()}"]
    return subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=directory)


@pytest.mark.parametrize(("command", "code"), [("/bin/true", 0), ("/bin/false", 1)])
def test_one_build(tmp_path: Path, command: str, code: int) -> None:
    """With --once it waits for one build, tells what came of it, and exits as the build ended."""
    demo = _demo(tmp_path, command)
    output, _ = demo.communicate(timeout=LIMIT_SECONDS)
    assert demo.returncode == code, output
    assert "tests #1" in output
    assert "Ledger head" in output


def _of_demo(directory: Path) -> list[str]:
    """The processes that have its directory in their command line."""
    return [
        " ".join(process.info["cmdline"])
        for process in psutil.process_iter(["cmdline"])
        if any(str(directory) in word for word in process.info["cmdline"] or ())
    ]


@pytest.mark.parametrize(("times", "code"), [(1, 0), (4, 130)])
def test_ctrl_c(tmp_path: Path, times: int, code: int) -> None:
    """In the middle of a step it stops server and worker in good order; pressed again it kills them: none is left."""
    demo = _demo(tmp_path, "sleep, '60'")
    assert demo.stdout is not None
    for line in demo.stdout:
        if "tests #1" in line:
            break
    assert len(_of_demo(tmp_path)) > 2, demo.poll()
    for _ in range(times):
        demo.send_signal(signal.SIGINT)
        time.sleep(0.05)
    output, _ = demo.communicate(timeout=LIMIT_SECONDS)
    assert demo.returncode == code, output
    assert "Stopping" in output
    assert _of_demo(tmp_path) == []


def test_elsewhere_than_in_a_clone(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever repository it is, without a configuration to build it says what to give; the help promises no more."""
    Repository(tmp_path / "repository")
    monkeypatch.chdir(tmp_path / "repository")
    shown = run("demo", "--once")
    assert shown.exit_code == 1
    assert "--config FILE" in shown.output
    for said in (run("--help").output, run("demo", "--help").output):
        assert "clone of Build Ledger" in " ".join(said.split())


def test_a_server_that_does_not_start_is_said_once(tmp_path: Path) -> None:
    """The server's own error is the end of the line, and isn't called an error twice."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        config = tmp_path / "ci.yaml"
        config.write_text("version: 1\n")
        argv = [
            sys.executable,
            "-m",
            "buildledger",
            "demo",
            "--config",
            str(config),
            "--state",
            str(tmp_path / "state"),
        ]
        argv += ["--http", f"127.0.0.1:{other.getsockname()[1]}", "--grpc", "127.0.0.1:0"]
        done = subprocess.run(argv, capture_output=True, text=True, timeout=LIMIT_SECONDS, check=False)
    assert done.returncode == 1
    assert done.stderr.count("Error") == 1, done.stderr
    assert done.stderr.startswith("Error: the server didn't start: ")
