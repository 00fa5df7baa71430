"""What `--help` says of every command."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from buildledger.cli import main
from tests.cli.conftest import Run

NOT_COMMANDS = {
    "__init__",
    "answers",
    "buildbot_process",
    "client",
    "config_apply",
    "config_explain",
    "config_defined",
    "config_files",
    "config_history",
    "config_render",
    "failures",
    "first_notes",
    "from_buildbot",
    "installation",
    "main",
    "moments",
    "narration",
    "options",
    "progress",
    "repository",
    "server_process",
    "stack",
    "summary",
}
"""Modules of the room that commands are made of."""


def _commands() -> Iterator[tuple[str, ...]]:
    context = click.Context(main.group)
    for name in main.COMMANDS:
        command = main.group.get_command(context, name)
        yield (name,)
        if isinstance(command, click.Group):
            yield from ((name, nested) for nested in command.list_commands(context))


COMMANDS = list(_commands())


def test_every_module_with_a_command_is_listed() -> None:
    """A command that somebody adds can't be forgotten in the list that the help is made of."""
    modules = {path.stem for path in Path(main.__file__).parent.glob("*.py")}
    assert modules - NOT_COMMANDS == {name.replace("-", "_") for name in main.COMMANDS}


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_every_command_explains_itself(run: Run, path: tuple[str, ...]) -> None:
    """The help of a command exits with 0 and says how it is used and what it is for."""
    shown = run(*path, "--help")
    assert shown.exit_code == 0
    assert shown.output.startswith(f"Usage: buildledger {' '.join(path)}")
    assert [paragraph for paragraph in shown.output.split("\n\n")[1:] if not paragraph.startswith("Options:")]


@pytest.mark.parametrize("path", [path for path in COMMANDS if path != ("worker",)], ids=" ".join)
def test_every_option_is_explained(path: tuple[str, ...]) -> None:
    """No option of a command is without help."""
    context = click.Context(main.group)
    command: click.Command | None = main.group
    for name in path:
        assert isinstance(command, click.Group)
        command = command.get_command(context, name)
    assert command is not None
    options = [each for each in command.params if isinstance(each, click.Option)]
    assert [each.name for each in options if not each.help] == []


def test_an_unknown_command_is_one_line(run: Run) -> None:
    """A word that is no command is named, and no traceback is shown."""
    shown = run("serv")
    assert shown.exit_code == 2
    assert "No such command 'serv'" in shown.output
