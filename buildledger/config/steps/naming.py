"""What a step is called when the file gives it no name: what it runs, as a person would say it."""

from __future__ import annotations

import posixpath
import re
import shlex
from collections.abc import Sequence
from itertools import pairwise

from buildledger.config.values import Argument, InputRef, PropertyRef

UNKNOWN = "…"
"""Stands for what is known only when the step starts and has no name of its own."""
_SHELLS = frozenset({"sh", "ash", "bash", "dash", "ksh", "mksh", "zsh", "fish"})
_COMMAND_FLAG = re.compile(r"-[A-Za-z]*c")
_PREPARATION = re.compile(r"(set|shopt|export|umask|cd|ulimit|trap|@?echo off)(\s|$)|[A-Za-z_]\w*=\S*$|\.\s|source\s")
"""Lines that prepare what follows: they say less of a script than the first line after them."""


def command_line(argv: Sequence[Argument]) -> str:
    """`python3 -m pytest tests`; of `sh -c SCRIPT` what the script does."""
    words = [_word(argument) for argument in argv]
    words[0] = posixpath.basename(words[0]) or words[0]
    script = _script_of(words[0], argv)
    if script is not None:
        return first_command(script)
    return " ".join(" ".join(shlex.quote(word).split()) if " " in word else word for word in words)


def first_command(script: str) -> str:
    """The first line of a script that says what it does; a script of comments only is `script`."""
    lines = [" ".join(line.split()) for line in script.splitlines()]
    said = [line for line in lines if line and not line.startswith(("#", "::", "@rem", "rem "))]
    return next((line for line in said if not _PREPARATION.match(line)), said[0] if said else "script")


def _word(argument: Argument) -> str:
    match argument:
        case str():
            return argument
        case InputRef(name=name) | PropertyRef(name=name):
            return f"{{{name}}}"
        case _:
            return UNKNOWN


def _script_of(program: str, argv: Sequence[Argument]) -> str | None:
    """What a shell is told to do on its command line; None where that isn't a shell, or not known."""
    if program not in _SHELLS:
        return None
    takes_value = False
    for flag, script in pairwise(argv[1:]):
        if takes_value:
            takes_value = False
        elif not isinstance(flag, str) or not flag.startswith(("-", "+")):
            return None
        elif _COMMAND_FLAG.fullmatch(flag):
            return script if isinstance(script, str) and script.strip() else None
        else:
            takes_value = flag.endswith("o")
    return None
