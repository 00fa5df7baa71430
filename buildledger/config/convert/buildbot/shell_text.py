"""Shell text with values of the build in it → fixed text, and environment variables that bring the values.

Buildbot puts a value into the text before the shell reads it, so whoever names a branch can write commands. Here the
text says `"$BRANCH"`, and the shell sees a value only after it has read the text.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Collection, Sequence
from typing import Any

from buildledger.config.convert.buildbot.names import unique, variable
from buildledger.config.convert.buildbot.references import BUILD_DIRECTORY, Part, Reference

_OF_THE_SYSTEM = frozenset(
    {"PATH", "HOME", "USER", "LOGNAME", "SHELL", "PWD", "OLDPWD", "TMPDIR", "TEMP", "TMP", "LANG", "TERM", "IFS"}
    | {"PS1", "MAIL", "HOSTNAME", "UID", "DISPLAY"}
)
"""Variables that something else means something by."""


class ShellText:
    """Text for a POSIX shell that is being written, and the variables it needs."""

    def __init__(self, taken: Collection[str], below: str = "") -> None:
        """`below`: the directory it runs in, from the build's directory on."""
        self.env: dict[str, Any] = {}
        self._taken = {*taken, *_OF_THE_SYSTEM}
        self._given: dict[str, str] = {}
        self._directory = build_directory(below)
        self.names_directory = False
        """Whether the build's directory stands in the text."""

    def script(self, parts: Sequence[Part]) -> str:
        """A script; references stand in it as the shell's quotes around them ask for."""
        said = "".join(part for part in parts if isinstance(part, str))
        self._taken |= set(re.findall(r"[A-Z_][A-Z0-9_]*", said))
        text, quote = "", ""
        for index, part in enumerate(parts):
            if isinstance(part, str):
                text += part
                quote = _quote_after(part, quote)
                continue
            name = self._named(part)
            if quote == '"':
                text += f"${{{name}}}"
            elif quote == "'":
                text += f"'\"{_dollar(name)}\"'"
            elif part.may_be_empty and _is_word(parts, index):
                # Nothing at all when it is empty, and as many words as it has: what its text would have been.
                text += f"${name}"
            else:
                text += f'"{_dollar(name)}"'
        return text

    def command(self, argv: Sequence[Sequence[Part]]) -> str:
        """A command line of exactly these arguments."""
        return " ".join(self._word(argument) for argument in argv)

    def variable(self, reference: Reference) -> str:
        """The variable that brings a value."""
        if reference.cel not in self._given:
            name = unique(variable(reference.name), self._taken, "_")
            self._taken.add(name)
            self._given[reference.cel] = name
            self.env[name] = reference.value
        return self._given[reference.cel]

    def _word(self, argument: Sequence[Part]) -> str:
        return (
            "".join(shlex.quote(part) if isinstance(part, str) else f'"{self._dollar(part)}"' for part in argument)
            or "''"
        )

    def _dollar(self, reference: Reference) -> str:
        return _dollar(self._named(reference))

    def _named(self, reference: Reference) -> str:
        if reference != BUILD_DIRECTORY:
            return self.variable(reference)
        self.names_directory = True
        return self._directory


def build_directory(below: str) -> str:
    """What stands between `${` and `}` for the build's directory, in a directory below it."""
    return f"PWD%/{below}" if below else "PWD"


def _dollar(name: str) -> str:
    return f"${name}" if name.isidentifier() else f"${{{name}}}"


def exports(variables: dict[str, str], below: str = "") -> str:
    """Lines that put variables of the worker into others: `export PATH="/opt/bin:${PATH}"`."""
    here = f"${{{build_directory(below)}}}"
    said = {name: in_double_quotes(text).replace("${PWD}", here) for name, text in variables.items()}
    return "".join(f'export {name}="{text}"\n' for name, text in said.items())


def in_double_quotes(text: str) -> str:
    """What Buildbot's `${NAME}` in a value means, for a shell: all else stands for itself."""
    pieces = re.split(r"(\$\{\w*\})", text)
    return "".join(piece if index % 2 else re.sub(r'([\\"`$])', r"\\\1", piece) for index, piece in enumerate(pieces))


def mentions_variables(text: str) -> bool:
    """Whether Buildbot's worker would put its own variables into a value."""
    return re.search(r"\$\{\w+\}", text) is not None


def needs_going_on(script: str) -> bool:
    """Whether a script may have a command after one that fails: `sh -e`, which runs it here, would stop there."""
    return "\n" in script.strip() or ";" in script


def _quote_after(text: str, quote: str) -> str:
    """Which quotes are open behind a piece of shell text."""
    escaped = False
    for character in text:
        if escaped:
            escaped = False
        elif character == "\\" and quote != "'":
            escaped = True
        elif quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
    return quote


def _is_word(parts: Sequence[Part], index: int) -> bool:
    """Whether nothing but white space is beside a reference."""
    before, after = parts[index - 1] if index else " ", parts[index + 1] if index + 1 < len(parts) else " "
    return isinstance(before, str) and isinstance(after, str) and before[-1:].isspace() and after[:1].isspace()
