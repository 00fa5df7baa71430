"""What is answered to a command line that stands as one text where a program and its arguments are a list."""

from __future__ import annotations

import re
import shlex
from typing import Any, Literal

from pydantic import BeforeValidator

from buildledger.config.fields import spelling
from buildledger.config.fields.field_types import fault
from buildledger.config.steps import shell_syntax

Shell = Literal["script", "sh", "none"]
"""How there is a shell in such a place: by the key `script` instead, by running `sh -c`, or not at all."""
SHOWN_CHARACTERS = 200
"""Of one way to write it; a longer one is described."""
_QUOTED = re.compile(r"""\\.|'[^']*'|"(?:[^"\\]|\\.)*\"""", re.DOTALL)
_FOR_A_SHELL = re.compile(r"[();<>|&`$*?\[{#\n]|(?:^|\s)(?:~|!\s)|^\s*\w+=")
_BUILTINS = frozenset(
    {"cd", "export", "set", "unset", "source", ".", "alias", "umask", "ulimit", "eval", "exec", "trap", "shopt"}
    | {"if", "for", "while", "until", "case", "function"}
)
"""First words that are no programs."""


def refuse_text(key: str, shell: Shell) -> BeforeValidator:
    """Refuse a text under a key that takes a list of arguments, and say how to write it."""

    def validate(data: Any) -> Any:
        if isinstance(data, str):
            raise fault("type", f"'{key}' is a list of arguments, not one text", _advice(key, data.strip(), shell))
        return data

    return BeforeValidator(validate)


def _advice(key: str, text: str, shell: Shell) -> str:
    argv = arguments(text)
    ways = [_listed(key, argv)] if argv else []
    if shell == "script" and "\n" in text:
        return "write script: |, with these lines below it"
    if shell == "script" and text:
        ways.append(f"script: {spelling.text(text)}")
    elif shell == "sh" and text and not argv:
        ways.append(_listed(key, ["sh", "-c", text]))
    if not ways or any(len(way) > SHOWN_CHARACTERS for way in ways):
        return "the program and each of its arguments are elements" + (", or use 'script'" * (shell == "script"))
    return "write " + ", or, for a shell, ".join(ways)


def _listed(key: str, argv: list[str]) -> str:
    return f"{key}: [{', '.join(spelling.text(argument, in_list=True) for argument in argv)}]"


def _outside(quoted: re.Match[str]) -> str:
    """What stands for a quoted part: nothing to a shell, unless it would expand, or unescape, what is in it."""
    return "$" if quoted[0].startswith('"') and re.search(r"[$`]", quoted[0]) else "x"


def arguments(text: str) -> list[str] | None:
    """A command line as a program and its arguments; None if it needs a shell, or can't be taken apart."""
    if _FOR_A_SHELL.search(_QUOTED.sub(_outside, text)):
        return None
    try:
        argv = shlex.split(text)
    except ValueError:
        return None
    if not argv or not argv[0] or argv[0] in _BUILTINS:
        return None
    return None if any(shell_syntax.argument(argv, index) for index in range(len(argv))) else argv
