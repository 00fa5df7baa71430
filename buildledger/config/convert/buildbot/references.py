"""Texts with values of the build in them: parts that are fixed, and references that expressions can make."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from buildledger.config import limits
from buildledger.config.convert.buildbot.account import UnsayableError


@dataclass(frozen=True)
class Reference:
    """A value that is known when the step starts."""

    name: str
    """What it is, for a variable's name: `branch`."""
    cel: str
    """The expression that gives it."""
    node: Any = None
    """How it is written where it stands alone, if there is a shorter way than the expression."""
    is_text: bool = True
    may_be_empty: bool = True

    @property
    def text(self) -> str:
        """An expression that gives it as text."""
        return self.cel if self.is_text else f"string({self.cel})"

    @property
    def truth(self) -> str:
        """An expression that says whether Python would call it true."""
        if self.is_text:
            return f"{_grouped(self.cel)} != ''"
        return f"!({self.text} in ['', '0', 'false', 'False', 'None'])"

    @property
    def value(self) -> Any:
        """How it is written where it stands alone."""
        return {"expr": self.cel} if self.node is None else self.node


Part = str | Reference

BUILD_DIRECTORY = Reference("builddir", "", may_be_empty=False)
"""The build's directory: no value of a build, but a shell that is started in it knows it as `$PWD`."""


def literal(text: str) -> str:
    """A text as CEL writes it."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return "'" + escaped.replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t") + "'"


def merged(parts: Sequence[Part]) -> list[Part]:
    """The same with neighbouring texts as one, and none that is empty."""
    result: list[Part] = []
    for part in parts:
        if isinstance(part, str) and result and isinstance(result[-1], str):
            result[-1] += part
        elif part != "":
            result.append(part)
    return result


def expression(parts: Sequence[Part]) -> str:
    """The text as one expression.

    Raises:
        UnsayableError: It is longer than an expression may be.
    """
    whole = merged(parts)
    _refuse_directory(whole)
    terms = [literal(part) if isinstance(part, str) else part.text for part in whole]
    joined = " + ".join(_grouped(term) if len(terms) > 1 else term for term in terms) or "''"
    if len(joined) > limits.EXPRESSION_CHARACTERS:
        raise UnsayableError(
            f"its expression would have {len(joined)} characters", "make it in a script of the repository"
        )
    return joined


def node(parts: Sequence[Part]) -> Any:
    """The text as the format writes it: fixed text, or a value node."""
    whole = merged(parts)
    match whole:
        case []:
            return ""
        case [str() as text]:
            return text
        case [Reference() as reference]:
            _refuse_directory(whole)
            return reference.value
    return {"expr": expression(whole)}


def _refuse_directory(parts: Sequence[Part]) -> None:
    if BUILD_DIRECTORY in parts:
        raise UnsayableError("where the build's directory is, isn't known here", "use relative paths: steps run in it")


def _grouped(term: str) -> str:
    return f"({term})" if " ? " in term else term
