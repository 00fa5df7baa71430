"""Options that several commands have, and what they turn into."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import click

from buildledger.cli.installation import STATE_WITHOUT_FILE, default_state
from buildledger.config.init.document import FILE_NAME
from buildledger.settings import Address, SettingsError

SHOWN_CHARACTERS = 80

Command = TypeVar("Command", bound=Callable[..., Any])


class AddressType(click.ParamType[Address]):
    """`host:port`."""

    name = "host:port"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Address:
        """Parse it, or say what an address looks like."""
        if isinstance(value, Address):
            return value
        try:
            return Address.parse(value)
        except SettingsError as error:
            self.fail(str(error), param, ctx)


class SizeType(click.ParamType[int]):
    """`10GiB`: bytes with their unit."""

    name = "size"
    _UNITS: ClassVar = {"B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Parse it, or say what a size looks like."""
        if isinstance(value, int):
            return value
        match = re.fullmatch(r"(\d{1,15}) ?([A-Za-z]+)", str(value))
        if match is None or match[2] not in self._UNITS or int(match[1]) == 0:
            self.fail(f"{value!r} is no size: write a whole number and one of {', '.join(self._UNITS)}", param, ctx)
        return int(match[1]) * self._UNITS[match[2]]


class GivenFile(click.Path):
    """A file that is there and can be read: no pipe, which would be waited for, and no directory unless one will do."""

    def __init__(self, *, or_directory: bool = False) -> None:
        super().__init__(exists=True, dir_okay=or_directory, path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Refuse what is no file, by what it is."""
        path = Path(os.fsdecode(value))
        try:
            kind = path.stat().st_mode
        except OSError as error:
            self.fail(f"{shown(path)} can't be read: {error.strerror}", param, ctx)
        except ValueError:
            self.fail(f"{shown(path)} is no path", param, ctx)
        if stat.S_ISFIFO(kind) or stat.S_ISSOCK(kind):
            self.fail(f"{shown(path)} is a {'pipe' if stat.S_ISFIFO(kind) else 'socket'}, and no file", param, ctx)
        return super().convert(value, param, ctx)


class NameType(click.ParamType[str]):
    """The name of a worker or builder."""

    name = "name"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Refuse what nothing can be called, before a server is asked for it."""
        if re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}", str(value)) is None:
            self.fail(f"{shown(value)} is no name: 1 to 64 of A-Z a-z 0-9 _ . -, the first no dot or dash", param, ctx)
        return str(value)


class RevisionType(click.ParamType[str]):
    """A commit's hash, or the beginning of one."""

    name = "revision"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Refuse what no commit can be called, before a server is asked for it."""
        if re.fullmatch(r"[A-Za-z0-9]{4,64}", str(value)) is None:
            self.fail(f"{shown(value)} is no commit: give its hash, or at least the first four characters", param, ctx)
        return str(value)


def shown(value: object) -> str:
    """What somebody gave, for an error: in quotes, and no longer than a line."""
    text = str(value)
    return repr(text) if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]!r}…"


def state_option(command: Command) -> Command:
    """`--state DIR`: where the server keeps everything."""
    return click.option(
        "--state",
        type=click.Path(file_okay=False, path_type=Path),
        default=default_state,
        show_default=f"one below ~/.local/state/buildledger for the {FILE_NAME} here, else {STATE_WITHOUT_FILE}",
        help="Directory that holds everything the server keeps.",
    )(command)


def database_option(command: Command) -> Command:
    """`--database URL`."""
    return click.option(
        "--database",
        metavar="URL",
        help="postgresql://… for ledger and read models instead of SQLite in the state directory.",
    )(command)


def json_option(command: Command) -> Command:
    """`--json`: for programs instead of people."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")(command)
