"""Every command, against state directories that no server could use, ends in readable words."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click
import pytest

from tests.cli.conftest import Run
from tests.faults.commands import leaves

LONG_RUNNING = {"worker", "bridge", "demo", "conformance", "init"}
"""They have no state directory of a server, or start programs of their own; their own tests look at their errors."""

COMMANDS = {" ".join(path): command for path, command in leaves() if LONG_RUNNING.isdisjoint(path)}


def _a_file(state: Path) -> None:
    state.write_bytes(b"")


def _empty(state: Path) -> None:
    state.mkdir()


def _garbage(state: Path) -> None:
    state.mkdir()
    for name in ("ledger.db", "proof.db", "vault.db", "address", "admin-token", "head-key.pem"):
        (state / name).write_bytes(b"\xff\xfe garbage " * 300)


def _directories(state: Path) -> None:
    for name in ("ledger.db", "proof.db", "vault.db", "address", "admin-token"):
        (state / name).mkdir(parents=True)


def _nobody_listens(state: Path) -> None:
    state.mkdir()
    (state / "address").write_text("http://127.0.0.1:9\n")
    (state / "admin-token").write_text("token\n")


STATES: dict[str, Callable[[Path], None]] = {
    "a file": _a_file,
    "empty": _empty,
    "garbage": _garbage,
    "directories": _directories,
    "nobody listens": _nobody_listens,
}


def _arguments(command: click.Command, directory: Path) -> list[str]:
    """The state directory, and something for all that has to be given."""
    given: list[str] = []
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            if "--state" in parameter.opts:
                given += ["--state", str(directory / "state")]
            elif parameter.required:
                given += [parameter.opts[0], _something(parameter, directory)]
        elif parameter.required:
            given.append(_something(parameter, directory))
    return given


def _something(parameter: click.Parameter, directory: Path) -> str:
    match parameter.type:
        case click.Choice(choices=choices):
            return str(choices[0])
        case click.Path():
            file = directory / "config.yaml"
            file.write_text("version: 1\n")
            return str(file)
        case _:
            return "w1"


@pytest.mark.timeout(60)
@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("name", [name for name in COMMANDS if name != "serve"])
def test_no_command_ends_in_a_traceback(run: Run, tmp_path: Path, name: str, state: str) -> None:
    """It ends with an exit code, and where that isn't 0, with words."""
    STATES[state](tmp_path / "state")
    shown = run(*name.split(), *_arguments(COMMANDS[name], tmp_path))
    assert shown.exception is None or isinstance(shown.exception, SystemExit), shown.exception
    assert "Traceback" not in shown.output
    assert "Nobody foresaw this" not in shown.output, shown.output
    assert shown.exit_code == 0 or shown.output.strip()


@pytest.mark.timeout(60)
@pytest.mark.parametrize("state", ["a file", "garbage", "directories"])
def test_no_start_ends_in_a_traceback(run: Run, tmp_path: Path, state: str) -> None:
    """A server that can't begin says why."""
    STATES[state](tmp_path / "state")
    shown = run("serve", "--state", tmp_path / "state", "--http", "127.0.0.1:0", "--grpc", "127.0.0.1:0")
    assert isinstance(shown.exception, SystemExit), shown.exception
    assert shown.exit_code in (1, 2)
    assert "Nobody foresaw this" not in shown.output, shown.output
