"""Typed inputs: what may be given, checked the same way for a default, a template's `with` and a person's form."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal, assert_never

import msgspec

from buildledger.config import limits
from buildledger.config.expressions.cel import ENGINE, ExpressionError, ValueType
from buildledger.config.problems.problem import did_you_mean, listed
from buildledger.config.reading import scalars
from buildledger.config.values import Plain

FOUND_CHARACTERS = 60
"""Of a text that is no number, in the message that says so."""


class InputSpec(msgspec.Struct, frozen=True, kw_only=True):
    """A typed value that somebody who starts a build gives, or may give."""

    type: Literal["string", "integer", "boolean", "list"]
    """`list` is a list of strings."""
    description: str = ""
    default: Plain | None = None
    """None: it must be given."""
    enum: tuple[str | int, ...] = ()
    """The only values allowed; empty: any. For a list, its elements."""
    pattern: str | None = None
    """RE2 expression that a string, or each element of a list, has to match; `evaluate.py` applies it."""


class InputErrors(Exception):  # noqa: N818 - one exception that carries many errors
    """Values that can't be taken; `faults` says why, by input name."""

    def __init__(self, faults: Mapping[str, str]) -> None:
        self.faults = dict(faults)
        super().__init__("; ".join(f"{name}: {fault}" for name, fault in faults.items()))


def bind(specs: Mapping[str, InputSpec], given: Mapping[str, Any]) -> dict[str, Plain]:
    """Values for all inputs of a builder: those given, else the defaults.

    They may be as JSON has them: `taken` says what is made of them.

    Raises:
        InputErrors: With every fault, also for an input that doesn't exist.
    """
    faults: dict[str, str] = {}
    values: dict[str, Plain] = {}
    for name in given.keys() - specs.keys():
        faults[name] = f"there is no such input{did_you_mean(name, specs)}"
    for name, spec in specs.items():
        value = taken(spec.type, given.get(name, spec.default))
        if value is None:
            faults[name] = "this has to be given"
        elif reason := fault(spec, value):
            faults[name] = reason
        else:
            values[name] = value
    if faults:
        raise InputErrors(dict(sorted(faults.items())))
    return values


def taken(kind: str, value: Any) -> Any:
    """A value as inputs of this type hold it, if it suits them; else it is left as it is, and `fault` says why.

    A whole number that is written the usual way is text where text is wanted, and one value a list of one where a list
    is: the same for a file's `with`, `default` and `enum`, for the API, and for the form that it is filled in.
    """
    match kind:
        case "list" if isinstance(value, list | tuple):
            return tuple(map(_as_text, value))
        case "list" if isinstance(_as_text(value), str):
            return (_as_text(value),)
        case "string":
            return _as_text(value)
        case "integer" if isinstance(value, int) and not isinstance(value, bool):
            return int(value)
        case _:
            return tuple(value) if isinstance(value, list) else value


def _as_text(value: Any) -> Any:
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return str(int(value)) if is_number and scalars.written(value) == str(int(value)) else value


def fault(spec: InputSpec, value: Any) -> str | None:
    """Why a value can't be taken for an input, for people; None if it can."""
    if not has_type(spec, value):
        return _misfit(spec.type, value)
    elements = value if isinstance(value, tuple) else (value,)
    texts = [element for element in elements if isinstance(element, str)]
    if sum(map(len, texts)) > limits.INPUT_CHARACTERS:
        return f"more than {limits.INPUT_CHARACTERS} characters"
    for element in elements:
        if spec.enum and element not in spec.enum:
            return f"{element!r} is not one of {listed(map(str, spec.enum))}"
    for text in texts:
        if "\0" in text:
            return "a NUL character can't be passed to a program"
        if not text.isprintable() and any(0xD800 <= ord(character) < 0xE000 for character in text):
            return "half a character (a lone surrogate)"
        if spec.pattern is not None and not matches(spec.pattern, text):
            return f"{text!r} does not match the pattern {spec.pattern}"
    return None


def _misfit(kind: str, value: Any) -> str:
    """What is wrong with a value of the wrong type, and how it would be written."""
    wanted = _TYPES[kind].value
    if kind == "list" and isinstance(value, tuple):
        odd = next(element for element in value if not isinstance(element, str))
        return f"expected {wanted}: {_misfit('string', odd)}"
    if kind in ("string", "list") and isinstance(value, bool | int | float):
        return f"{scalars.written(value)} was read as {scalars.describe(value)}: quote it"
    if kind == "integer" and isinstance(value, int) and not isinstance(value, bool):
        return "a number of more than 64 bits"
    if not isinstance(value, str):
        found = scalars.written(value) if isinstance(value, int | float) else scalars.describe(value)
        return f"expected {wanted}, found {found}"
    found = f"expected {wanted}, found the text {value[:FOUND_CHARACTERS]!r}"
    if kind == "boolean":
        meant = {"yes": "true", "on": "true", "true": "true", "no": "false", "off": "false", "false": "false"}
        return found + (f": write {meant[value.lower()]}, without quotes" if value.lower() in meant else "")
    return found + (": write it without quotes" if re.fullmatch(r"-?\d{1,19}", value) else "")


def has_type(spec: InputSpec, value: Any) -> bool:
    """Whether a value is of the input's type."""
    match spec.type:
        case "string":
            return isinstance(value, str)
        case "integer":
            return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 1 << 63
        case "boolean":
            return isinstance(value, bool)
        case "list":
            return isinstance(value, tuple) and all(isinstance(element, str) for element in value)
        case _:
            assert_never(spec.type)


_TYPES = {
    "string": ValueType.STRING,
    "integer": ValueType.INTEGER,
    "boolean": ValueType.BOOLEAN,
    "list": ValueType.STRINGS,
}


def type_of(spec: InputSpec) -> ValueType:
    """The input's type, for expressions."""
    return _TYPES[spec.type]


def matches(pattern: str, text: str) -> bool:
    """Whether an RE2 expression, which takes linear time whatever it is, matches somewhere in the text.

    Raises:
        ExpressionError: If it is none.
    """
    matched = ENGINE.evaluate("inputs.text.matches(inputs.pattern)", {"inputs.text": text, "inputs.pattern": pattern})
    return matched is True


def pattern_fault(pattern: str) -> str | None:
    """Why a pattern is no RE2 expression, for people; None if it is one."""
    try:
        matches(pattern, "")
    except ExpressionError as error:
        return error.message
    return None
