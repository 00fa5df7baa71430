"""Commands that are made up here, for a POSIX system and for Windows, and what tells which a worker is."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

from buildledger.config.convert.buildbot.account import UnsayableError
from buildledger.config.convert.buildbot.shell_text import ShellText

Keys = dict[str, Any]
_NAMED = re.compile(r"windows|(?<![a-z])win(?:32|64|nt|xp|7|8|10|11|2k\d*)?(?![a-z])", re.IGNORECASE)


def are_windows(workers: Collection[str], labels: Collection[str]) -> bool:
    """Whether all of these workers are Windows, by their names or by what all of them have as properties."""
    named = [bool(_NAMED.search(name)) for name in workers]
    return (bool(named) and all(named)) or any(label.lower() in ("windows", "win32") for label in labels)


def make_directory(path: Any, is_windows: bool) -> Keys:
    """With all that are above it; it may be there."""
    if is_windows:
        return {"script": f"if not exist {_quoted(path)} mkdir {_quoted(path)}"}
    return {"run": ["mkdir", "-p", path]}


def remove_directory(path: Any, is_windows: bool) -> Keys:
    """With all that is in it; it needn't be there."""
    if is_windows:
        return {"script": f"if exist {_quoted(path)} rmdir /s /q {_quoted(path)}"}
    return {"run": ["rm", "-rf", path]}


def empty(is_windows: bool) -> Keys:
    """Everything in the directory that it runs in."""
    if is_windows:
        return {"script": 'del /f /s /q *\nfor /d %%d in (*) do rmdir /s /q "%%d"'}
    return {"run": ["find", ".", "-mindepth", "1", "-delete"]}


def copy_directory(source: Any, target: Any, is_windows: bool) -> Keys:
    """With all that is in it."""
    if is_windows:
        return {"script": f"xcopy /e /i /q /h /y {_quoted(source)} {_quoted(target)}"}
    return {"run": ["cp", "-a", source, target]}


def file_exists(path: Any, is_windows: bool) -> Keys:
    """Fails if it doesn't."""
    if is_windows:
        return {"script": f"if not exist {_quoted(path)} exit 1"}
    return {"run": ["test", "-f", path]}


def script(text: str, shell: ShellText, exports: Collection[str]) -> str:
    """A script as `cmd.exe` reads it, which goes on after a command that fails without being told to.

    Raises:
        UnsayableError: Values of the build would have to be put into its text, which that shell reads as commands.
    """
    if shell.env or shell.names_directory or exports:
        raise UnsayableError(
            "it puts values into a script, and on Windows `cmd.exe` would read them as commands",
            "give the values as arguments of `run`, or write the script for a shell that you name: run: [sh, -c, …]",
        )
    return text


def _quoted(path: Any) -> str:
    if not isinstance(path, str) or any(character in path for character in '"%!&|<>^'):
        raise UnsayableError("its path is made when it runs, and `cmd.exe` would read that as a command", "write it")
    return '"' + path.replace("/", "\\") + '"'
