"""Every command of the command line, with plausible arguments, run in a process that may be on a disk of its own."""

from __future__ import annotations

import multiprocessing
import os
import signal
import traceback
from collections.abc import Collection, Iterator, Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from types import FrameType

import click
from click.testing import CliRunner
from msgspec import Struct

from buildledger.cli.main import group
from tests.faults.disk import Disk
from tests.faults.privileges import obey_permissions

DEADLINE_SECONDS = 20
SERVING_SECONDS = {"serve": 10, "demo": 10, "worker": 2, "bridge": 2}
"""After that, what would go on for ever is told to stop."""
NOWHERE = "127.0.0.1:9"
LISTENING = {"--http": "127.0.0.1:0", "--grpc": "127.0.0.1:0"}
NAMED = {"file": "ci.yaml", "target": "state/made", "revision": "abcd"}
"""What is given for arguments of these names."""
MORE = {"serve": LISTENING, "demo": {"--config": "ci.yaml"}, "bridge": {"--server": NOWHERE}}
PROGRAMS = {
    "worker": ["worker", "--server", NOWHERE, "--name", "w1", "--state", "state/worker"],
    "conformance": ["conformance", "--only", "hello", "--quiet", "--", "/nonexistent/worker"],
}
"""What their options are can't be read off the command, or means something else than elsewhere."""

_context = multiprocessing.get_context("forkserver")


class Shown(Struct, frozen=True, kw_only=True):
    """What came of a command line."""

    argv: tuple[str, ...]
    code: int
    errors: str
    """What it wrote for people who look for what is wrong: errors, or if there were none what `audit` found."""
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
    obey_permissions()
    for argv in argvs:
        sink.send(_run(argv))
    sink.close()


def _run(argv: Sequence[str]) -> Shown:
    signal.signal(signal.SIGALRM, _stop if argv[0] in SERVING_SECONDS else _too_late)
    signal.alarm(SERVING_SECONDS.get(argv[0], DEADLINE_SECONDS))
    try:
        return _invoke(argv)
    finally:
        signal.alarm(0)


def _invoke(argv: Sequence[str]) -> Shown:
    result = CliRunner().invoke(group, list(argv), prog_name="buildledger")
    crash = ""
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        crash = "".join(traceback.format_exception(result.exception))
    return Shown(argv=tuple(argv), code=result.exit_code, errors=result.stderr or result.stdout, crash=crash)


def _too_late(number: int, frame: FrameType | None) -> None:
    raise AssertionError(f"no end within {DEADLINE_SECONDS} s")


def _stop(number: int, frame: FrameType | None) -> None:
    signal.signal(signal.SIGALRM, _too_late)
    signal.alarm(DEADLINE_SECONDS)
    os.kill(os.getpid(), signal.SIGINT)  # Python answers it, whatever the command is doing


def arguments(command: click.Command, state: Path, more: dict[str, str]) -> list[str]:
    """The state directory, and something for all that has to be given."""
    given: list[str] = []
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            (name, *_) = parameter.opts
            if name == "--state":
                given += [name, str(state)]
            elif name in more:
                given += [name, more[name]]
            elif parameter.required:
                given += [name, _something(parameter)]
        elif parameter.required:
            given.append(_something(parameter))
    return given


def command_lines(state: Path, only: Collection[str] | None = None, **more: str) -> list[list[str]]:
    """A command line of every command, or of `only` some; `more` are options that are given to those that take them."""
    options = {f"--{name}": value for name, value in more.items()}
    return [
        PROGRAMS.get(path[0]) or [*path, *arguments(command, state, {**MORE.get(path[0], {}), **options})]
        for path, command in leaves()
        if only is None or path[0] in only
    ]


def _something(parameter: click.Parameter) -> str:
    if parameter.name in NAMED:
        return NAMED[parameter.name]
    match parameter.type:
        case click.Choice(choices=choices):
            return str(choices[0])
        case click.Path(exists=True):
            return "ci.yaml"
        case click.Path():
            return "state/made"
        case _:
            return "w1"


def run(
    directory: Path,
    on: Disk | None = None,
    only: Collection[str] | None = None,
    **more: str,
) -> list[Shown]:
    """What came of every command, or of `only` some; `more` are options that are given to those that take them."""
    argvs = command_lines(directory / "state", only, **more)
    source, sink = _context.Pipe(duplex=False)
    process = _context.Process(target=run_all, args=(argvs, directory, on, sink))
    process.start()
    sink.close()
    try:
        return [source.recv() for _ in argvs]
    finally:
        process.kill()
        process.join()


def misleading(shown: list[Shown]) -> list[str]:
    """Those that end in a traceback, blame nobody knows what, or fail without a word."""
    return [f"{' '.join(each.argv)}: {each.code} {each.errors} {each.crash}" for each in shown if _misleads(each)]


def _misleads(shown: Shown) -> bool:
    said = shown.errors
    return bool(shown.crash or "Traceback" in said or "Nobody foresaw" in said or (shown.code and not said))


def failed(shown: list[Shown]) -> set[str]:
    """The commands that say that they failed, by their first word."""
    return {each.argv[0] for each in shown if each.code}
