"""A Ctrl-C where Python can raise nothing, or where what is raised says nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

DEADLINE_SECONDS = 60.0
START = """
import os, signal, sys, time, weakref
import click
from buildledger.cli.main import LazyGroup
from buildledger.worker import interrupts

def press(*_):
    os.kill(os.getpid(), signal.SIGINT)

def command():
    %s

interrupts.take_over()
LazyGroup(callback=command, invoke_without_command=True).main([], "buildledger")
"""
IN_A_CALLBACK = """
    class Gone: pass
    gone = Gone()
    reference = weakref.ref(gone, press)
    del gone
    time.sleep(60)
"""
IN_A_FINALIZER = """
    class Gone:
        def __del__(self): press()
    Gone()
    time.sleep(60)
"""
IN_AN_IMPORT = """
    sys.path.insert(0, os.environ["MODULES"])
    import pressing
    print("loaded whole:", pressing.WHOLE, flush=True)
    time.sleep(60)
"""
AS_SOMETHING_ELSE = """
    try:
        press()
        time.sleep(60)
    except KeyboardInterrupt:
        raise RuntimeError("what was broken off says") from None
"""
AGAIN_AND_AGAIN = """
    try:
        press()
        time.sleep(60)
    finally:
        for _ in range(5):
            press()
        print("let go", flush=True)
"""


def ended(command: str, modules: Path) -> tuple[int, str, str]:
    """Exit code, output and errors of a program whose command is this."""
    program = START % command.strip()
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={"PYTHONPATH": ":".join(sys.path), "MODULES": str(modules)},
        capture_output=True,
        text=True,
        check=False,
        timeout=DEADLINE_SECONDS,
    )
    return done.returncode, done.stdout, done.stderr.lstrip("\n")


@pytest.mark.parametrize(
    ("command", "output"),
    [
        (IN_A_CALLBACK, ""),
        (IN_A_FINALIZER, ""),
        (IN_AN_IMPORT, "loaded whole: True\n"),
        (AS_SOMETHING_ELSE, ""),
        (AGAIN_AND_AGAIN, "let go\n"),
    ],
)
def test_it_ends_the_command_all_the_same(tmp_path: Path, command: str, output: str) -> None:
    """With one line and exit code 130; an import isn't broken off, nor what lets go of things."""
    (tmp_path / "pressing.py").write_text("import os, signal\nos.kill(os.getpid(), signal.SIGINT)\nWHOLE = True\n")
    assert ended(command, tmp_path) == (130, output, "Stopped by Ctrl-C.\n")


def test_what_else_is_swallowed_is_told_by_python(tmp_path: Path) -> None:
    """Only interrupts come again; an error in a finalizer is printed as ever, and ends nothing."""
    failing = (
        "class Gone:\n        def __del__(self): raise ValueError('told all the same')\n    Gone()\n    print('done')"
    )
    code, output, errors = ended(failing, tmp_path)
    assert (code, output) == (0, "done\n")
    assert "told all the same" in errors
