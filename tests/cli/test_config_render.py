"""`config render`: programs that print a configuration, and those that fail, never end, or print too much."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SOUND = "version: 1\nserver: {title: Rendered}\n"


def render(program: str, *options: str, stdin: str = "", command: str = "render") -> subprocess.CompletedProcess[str]:
    """What the command says of a Python program."""
    argv = [sys.executable, "-m", "buildledger", "config", command, *options]
    argv += [sys.executable, "-c", program, "--flag"] if command == "render" else []
    return subprocess.run(argv, capture_output=True, text=True, timeout=60, input=stdin, check=False)


def test_what_a_program_prints_is_checked_and_handed_on() -> None:
    """With its options, and what it says on the side; `check -` takes it from a pipe."""
    program = f"import sys; assert sys.argv[1] == '--flag'; print({SOUND!r}, end=''); print('note', file=sys.stderr)"
    done = render(program)
    assert (done.returncode, done.stdout, done.stderr) == (0, SOUND, "note\n")
    checked = render("", "-", stdin=done.stdout, command="check")
    assert (checked.returncode, checked.stdout) == (0, "-: no problems\n")


@pytest.mark.parametrize(
    ("program", "options", "said"),
    [
        (
            "import sys; sys.exit('no database')",
            (),
            "no database\nError: {} ended with exit code 1, so what it",
        ),
        ("import os; os.kill(os.getpid(), 9)", (), "ended with signal 9"),
        ("import time; time.sleep(600)", ("--timeout", "0.3"), "did not finish in 0.3 s, and was killed"),
        ("while True: print('#' * 1000000)", (), "printed more than 33554432 bytes, and was killed"),
        ("print('version: 2')", (), "version 2 of the format isn't known"),
        ("print('version: [')", (), ":2:1: this isn't YAML"),
        ("", (), "it is empty"),
        ("import sys; sys.stdout.buffer.write(b'\\xff\\xfe')", (), "the file is UTF-16, not UTF-8"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_program_that_does_not_print_one(program: str, options: tuple[str, ...], said: str) -> None:
    """Nothing is handed on, the reason is said, and the exit code is 1."""
    done = render(program, *options)
    assert (done.returncode, done.stdout) == (1, "")
    assert said.format(sys.executable) in done.stderr
    assert "Traceback" not in done.stderr


def test_a_program_that_is_not_there(tmp_path: Path) -> None:
    """It is named."""
    argv = [sys.executable, "-m", "buildledger", "config", "render", str(tmp_path / "gen.py")]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (
        1,
        f"Error: {tmp_path}/gen.py can't be started: No such file or directory\n",
    )
