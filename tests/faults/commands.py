"""Every command of the command line, with plausible arguments, run in a process that may be on a disk of its own."""

from __future__ import annotations

import os
import signal
import traceback
from collections.abc import Iterator, Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from types import FrameType

import click
from click.testing import CliRunner
from msgspec import Struct

from buildledger.cli.main import group
from tests.faults.disk import Disk

DEADLINE_SECONDS = 20


class Shown(Struct, frozen=True, kw_only=True):
    """What came of a command line."""

    argv: tuple[str, ...]
    code: int
    errors: str
    """What it wrote for people who look for what is wrong."""
    crash: str
    """The traceback that a user would have seen; empty if there was none."""


Leaf = tuple[tuple[str, ...], click.Command]


def leaves(command: click.Command = group, path: tuple[str, ...] = ()) -> Iterator[Leaf]:
    """Every command that does something, with its name."""
    if not isinstance(command, click.Group):
        yield path, command
        return
    context = click.Context(command)
    for name in command.list_commands(context):
        found = command.get_command(context, name)
        assert found is not None
        yield from leaves(found, (*path, name))


def run_all(argvs: Sequence[Sequence[str]], directory: Path, on: Disk | None, sink: Connection) -> None:
    """In a process of its own: run command lines one after another, and tell what came of each."""
    if on is not None:
        on.enter()
    os.chdir(directory)
    signal.signal(signal.SIGALRM, _too_late)
    for argv in argvs:
        sink.send(_run(argv))
    sink.close()


def _run(argv: Sequence[str]) -> Shown:
    signal.alarm(DEADLINE_SECONDS)
    try:
        result = CliRunner().invoke(group, list(argv), prog_name="buildledger")
    finally:
        signal.alarm(0)
    crash = ""
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        crash = "".join(traceback.format_exception(result.exception))
    return Shown(argv=tuple(argv), code=result.exit_code, errors=result.stderr, crash=crash)


def _too_late(number: int, frame: FrameType | None) -> None:
    raise AssertionError(f"no end within {DEADLINE_SECONDS} s")
