"""How commands end that somebody interrupts, or whose output nobody takes."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from buildledger.cli.main import NOBODY_READS

DEADLINE_SECONDS = 60.0
COMMAND = [sys.executable, "-m", "buildledger"]


def test_ctrl_c_ends_a_command_that_waits(tmp_path: Path) -> None:
    """Exit code 130, a line, and no traceback."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        (tmp_path / "address").write_text(f"http://127.0.0.1:{silent.getsockname()[1]}\n")
        (tmp_path / "admin-token").write_text("a-token-of-some-length\n")
        command = subprocess.Popen(
            [*COMMAND, "token", "--state", str(tmp_path)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        silent.settimeout(DEADLINE_SECONDS)
        asked, _ = silent.accept()
        with asked:
            command.send_signal(signal.SIGINT)
            output, errors = command.communicate(timeout=DEADLINE_SECONDS)
    assert (command.returncode, output, errors) == (130, "", "\nStopped by Ctrl-C.\n")


def test_ctrl_c_while_it_is_still_being_loaded(tmp_path: Path) -> None:
    """The same exit code and line, and no traceback of half an import."""
    (tmp_path / "click.py").write_text("import os, signal\nos.kill(os.getpid(), signal.SIGINT)\n")
    environment = {**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"}
    ended = subprocess.run(
        [*COMMAND, "--version"], env=environment, capture_output=True, text=True, check=False, cwd=tmp_path.parent
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (130, "", "\nStopped by Ctrl-C.\n")


def test_whoever_reads_may_leave() -> None:
    """`buildledger config schema | head -1` prints no traceback, and its exit code isn't that of a failure."""
    reading, writing = os.pipe()
    os.close(reading)
    try:
        ended = subprocess.run([*COMMAND, "config", "schema"], stdout=writing, stderr=subprocess.PIPE, check=False)
    finally:
        os.close(writing)
    assert (ended.returncode, ended.stderr) == (NOBODY_READS, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
@pytest.mark.parametrize("command", [("config", "schema"), ("--help",)])
def test_output_that_cannot_be_written(command: tuple[str, ...]) -> None:
    """A full disk under the output is called that."""
    with Path("/dev/full").open("wb") as full:
        ended = subprocess.run([*COMMAND, *command], stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (1, "Error: the output can't be written: No space left on device\n")


def test_without_standard_streams(tmp_path: Path) -> None:
    """Started with all three closed it does its work, and no file of its own has the number of one."""
    made = tmp_path / "made.txt"
    script = f"exec {sys.executable} -m buildledger config check nothing.yaml 0<&- 1>&- 2>&-"
    ended = subprocess.run(["/bin/sh", "-c", script], cwd=tmp_path, env=os.environ, check=False)
    assert ended.returncode == 1
    probe = (
        "import os, sys\n"
        "from buildledger.worker.standard_streams import open_standard_streams\n"
        "open_standard_streams()\n"
        f"with open({str(made)!r}, 'w') as file: os.write(2, b'by number'); file.write(str(file.fileno()))\n"
        "print('nowhere'); print('nowhere', file=sys.stderr); sys.stdin.read()\n"
    )
    script = f'exec {sys.executable} -c "$PROBE" 0<&- 1>&- 2>&-'
    ended = subprocess.run(["/bin/sh", "-c", script], env={**os.environ, "PROBE": probe}, check=False)
    assert (ended.returncode, made.read_text()) == (0, "3")
