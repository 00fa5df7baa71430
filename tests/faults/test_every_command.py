"""Every command, where the disk is full or read-only, or the database refuses: words, and never a traceback."""

from __future__ import annotations

import multiprocessing
import shutil
from collections.abc import Callable
from pathlib import Path

import click
import pytest

from tests.faults.commands import Shown, leaves, run_all
from tests.faults.disk import Disk, disk
from tests.faults.installation import installation

DISK_BYTES = 8 << 20
CONFIGURATION = "version: 1\n"
NOBODY = "postgresql://nobody@127.0.0.1:9/none?connect_timeout=2"
PROGRAMS = {"worker", "bridge", "demo", "conformance"}
"""They start programs of their own, or speak to a server elsewhere; their own tests look at their errors."""
LISTENING = ["--http", "127.0.0.1:0", "--grpc", "127.0.0.1:0"]

_context = multiprocessing.get_context("forkserver")


@pytest.fixture(scope="module")
def left(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The state directory of a server that was killed."""
    directory = tmp_path_factory.mktemp("left")
    with installation(directory, CONFIGURATION) as server:
        server.start_server()
        server.kill_server()
        return server.state


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


def _something(parameter: click.Parameter) -> str:
    match parameter.type:
        case click.Choice(choices=choices):
            return str(choices[0])
        case click.Path(exists=True):
            return "ci.yaml"
        case click.Path():
            return "state/made"
        case _:
            return "w1"


def run(directory: Path, on: Disk | None = None, **more: str) -> list[Shown]:
    """What came of every command; `more` are options that are given to those that take them."""
    options = {f"--{name}": value for name, value in more.items()}
    state, argvs = directory / "state", []
    for path, command in leaves():
        if path[0] not in PROGRAMS:
            argvs.append([*path, *arguments(command, state, options), *(LISTENING if path == ("serve",) else ())])
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


def full(own: Disk) -> None:
    """Nothing more can be written."""
    own.fill()


def read_only(own: Disk) -> None:
    """Nothing can be opened for writing."""
    own.make_read_only()


@pytest.mark.parametrize("harm", [full, read_only])
def test_on_a_disk_that_cannot_be_written(left: Path, tmp_path: Path, harm: Callable[[Disk], None]) -> None:
    """A server doesn't start, a backup isn't made, and each says why; what only reads may do its work."""
    (tmp_path / "ci.yaml").write_text(CONFIGURATION)
    with disk(tmp_path / "state", DISK_BYTES) as own:
        shutil.copytree(left, own.directory, dirs_exist_ok=True, ignore=shutil.ignore_patterns("*.sock"))
        harm(own)
        shown = run(tmp_path, own)
    assert misleading(shown) == []
    assert failed(shown) >= {"serve", "backup"}


def test_with_a_database_that_refuses(tmp_path: Path) -> None:
    """Each command that is given one ends, and says that it can't be used."""
    (tmp_path / "ci.yaml").write_text(CONFIGURATION)
    (tmp_path / "state").mkdir()
    shown = run(tmp_path, database=NOBODY)
    assert misleading(shown) == []
    assert failed(shown) >= {"serve", "audit", "projections"}
