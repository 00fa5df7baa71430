"""What a function works with that is known only when a build runs, beside Python's own values."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from buildledger.config.convert.buildbot import references
from buildledger.config.convert.buildbot.described import Function, LibraryFunction
from buildledger.config.convert.buildbot.references import Part, Reference


class TooMuchError(Exception):
    """More than is understood of a function."""


@dataclass(frozen=True)
class Text:
    """A text with values of the build in it."""

    parts: tuple[Part, ...]

    @property
    def truth(self) -> str:
        """An expression that says whether Python would call it true."""
        if any(isinstance(part, str) and part for part in self.parts):
            return "true"
        if len(self.parts) == 1 and isinstance(part := self.parts[0], Reference):
            return part.truth
        return f"({references.expression(self.parts)}) != ''"


@dataclass(frozen=True)
class Truth:
    """A condition."""

    cel: str


@dataclass(frozen=True)
class Asked:
    """The function's parameter: the step, the build or its properties, which it asks for properties."""


@dataclass(frozen=True)
class OfModule:
    """A module, or a function of one, by its dotted name."""

    name: str


@dataclass(frozen=True)
class Local:
    """A lambda, or a function that is defined inside another."""

    node: ast.Lambda
    variables: dict[str, Any]


Callable = Function | LibraryFunction | OfModule | Local


def text(parts: Sequence[Part]) -> Any:
    """A text: Python's own if nothing in it belongs to the build."""
    whole = references.merged(parts)
    if all(isinstance(part, str) for part in whole):
        return "".join(str(part) for part in whole)
    return Text(tuple(whole))


def parts_of(value: Any) -> list[Part]:
    """A value as the parts of a text, as `str` makes one.

    Raises:
        TooMuchError: It is neither a text nor a number.
    """
    match value:
        case Text(parts=parts):
            return list(parts)
        case str() | int() | float():
            return [str(value)]
    raise TooMuchError


def expression(value: Any) -> str:
    """A text as CEL. Raises as `parts_of`."""
    return references.expression(parts_of(value))


def truth(value: Any) -> bool | str:
    """Whether a value counts as true: known, or an expression.

    Raises:
        TooMuchError: It is something else than data.
    """
    match value:
        case Truth(cel=cel):
            return {"true": True, "false": False}.get(cel, cel)
        case Text():
            return {"true": True}.get(value.truth, value.truth)
        case None | bool() | int() | float() | str() | list() | dict():
            return bool(value)
    raise TooMuchError


def choice(condition: str, then: Any, otherwise: Any) -> Any:
    """What a value is under a condition, and what else.

    Raises:
        TooMuchError: They are of different kinds.
    """
    if then == otherwise and type(then) is type(otherwise):
        return then
    if isinstance(then, list) and isinstance(otherwise, list) and len(then) == len(otherwise):
        return [choice(condition, *pair) for pair in zip(then, otherwise, strict=True)]
    if isinstance(then, Truth | bool) and isinstance(otherwise, Truth | bool):
        return Truth(f"{_group(condition)} ? {_cel(then)} : {_cel(otherwise)}")
    name = next((part.name for part in parts_of(then) + parts_of(otherwise) if isinstance(part, Reference)), "chosen")
    cel = f"{_group(condition)} ? {_group(expression(then))} : {_group(expression(otherwise))}"
    return Text((Reference(name, cel),))


def joined(operator: str, conditions: Sequence[str]) -> str:
    """Conditions with `&&` or `||` between them."""
    return f" {operator} ".join(f"({each})" if _is_loose(each) else each for each in conditions)


def _cel(value: Truth | bool) -> str:
    return _group(value.cel) if isinstance(value, Truth) else str(value).lower()


def _group(cel: str) -> str:
    return f"({cel})" if " ? " in cel else cel


def _is_loose(cel: str) -> bool:
    return any(sign in cel for sign in (" && ", " || ", " ? "))
