"""Value nodes as they stand in the file: which of them may stand where, and their JSON Schema."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import msgspec
from pydantic import PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from buildledger.config import limits
from buildledger.config.fields import value_schemas
from buildledger.config.fields.field_types import (
    fault,
    read_identifier,
    read_name,
    read_text,
    read_whole,
)
from buildledger.config.fields.value_schemas import LISTS, PLAIN, TEXT, any_of
from buildledger.config.problems.problem import did_you_mean, listed
from buildledger.config.reading import scalars
from buildledger.config.values import Expression, InputRef, Plain, PropertyRef, SecretRef, Spread


class MatrixRef(msgspec.Struct, frozen=True):
    """A value of the builder's matrix; only the file has it, a cell has the value itself."""

    name: str


FileValue = Plain | InputRef | PropertyRef | Expression | MatrixRef
FileArgument = FileValue | Spread
FileVariable = FileValue | SecretRef | None

PICKS = ("same-as-last", "longest-idle", "least-busy", "most-busy")
"""Words for which of several free workers gets a build."""
_VALUES = ("input", "matrix", "property", "expr")
_NODES: dict[str, Callable[[Any], Any]] = {
    "input": lambda content: InputRef(read_identifier(content)),
    "matrix": lambda content: MatrixRef(read_identifier(content)),
    "property": lambda content: PropertyRef(read_identifier(content)),
    "expr": lambda content: Expression(read_expression(content)),
    "secret": lambda content: SecretRef(read_name(content)),
    "spread": lambda content: Spread(_spread(content)),
}


def read_expression(value: Any) -> str:
    """The text of a CEL expression; whether it is one is found out when its variables are known."""
    if isinstance(value, bool):
        return str(value).lower()
    text = read_text(value, limit=limits.EXPRESSION_CHARACTERS)
    if not text.strip():
        raise fault("expression", "the expression is empty")
    return text


def _spread(content: Any) -> Any:
    return _node(content, LISTS) if isinstance(content, dict) else InputRef(read_identifier(content))


def _node(raw: dict[str, Any], allowed: tuple[str, ...]) -> Any:
    if "secret" in allowed and raw.keys() == {"secret", "mask"}:
        if not isinstance(raw["mask"], bool):
            raise fault("type", f"expected true or false, found {scalars.describe(raw['mask'])}", at="mask")
        return msgspec.structs.replace(_node({"secret": raw["secret"]}, allowed), mask=raw["mask"])
    if len(raw) != 1:
        names = ", ".join(raw) or "none"
        raise fault("value-node", f"a value node has exactly one key, this has {names}", _shapes(allowed))
    (kind, content), *_ = raw.items()
    if kind not in _NODES:
        guess = did_you_mean(kind, allowed)
        raise fault("value-node", f"unknown value node '{kind}'{guess}", _shapes(allowed), at=kind)
    if kind not in allowed:
        raise fault("value-node", f"{{{kind}: …}} can't stand here", _refusals.get(kind) or _shapes(allowed), at=kind)
    try:
        return _NODES[kind](content)
    except PydanticCustomError as error:
        context = error.context or {}
        raise fault(error.type, str(context.get("message")), str(context.get("hint", "")), at=kind) from error


_refusals = {
    "secret": "a secret reaches a program through env only: others on the worker can read arguments",
    "spread": "a list can be spread only among the arguments of a program",
}


def _shapes(allowed: tuple[str, ...]) -> str:
    return "here may stand plain data, " + ", ".join(f"{{{kind}: …}}" for kind in allowed)


def _text_value(raw: Any) -> Any:
    return _node(raw, _VALUES) if isinstance(raw, dict) else read_text(raw)


def _argument(raw: Any) -> Any:
    return _node(raw, (*_VALUES, "spread")) if isinstance(raw, dict) else read_text(raw)


def _variable(raw: Any) -> Any:
    if raw is None:
        return None
    return _node(raw, (*_VALUES, "secret")) if isinstance(raw, dict) else read_text(raw)


def _any_value(raw: Any) -> Any:
    return _node(raw, _VALUES) if isinstance(raw, dict) else read_plain(raw)


def read_plain(raw: Any) -> Plain:
    """Text, a whole number, a boolean or a list of texts; a fraction is a trap."""
    match raw:
        case bool():
            return raw
        case int():
            return int(raw)
        case list():
            return tuple(read_text(element) for element in raw)
        case dict() | None:
            raise fault(
                "type", f"expected text, a number, true/false or a list of texts, found {scalars.describe(raw)}"
            )
        case _:
            return read_text(raw)


def _given(raw: Any) -> Plain:
    """The same for an input, which takes a number as text if it is one of text: how it was written is kept for that."""
    return raw if isinstance(raw, scalars.Whole) else read_plain(raw)


def _given_value(raw: Any) -> Any:
    return _node(raw, _VALUES) if isinstance(raw, dict) else _given(raw)


def _choice(raw: Any) -> str | int | bool:
    plain = _given(raw)
    if isinstance(plain, tuple):
        raise fault("type", "one of the values allowed is text, a whole number, true or false")
    return plain


def _axis_value(raw: Any) -> str | int | bool:
    plain = read_plain(raw)
    if isinstance(plain, tuple):
        raise fault("type", "a value of an axis is text, a whole number, true or false")
    if isinstance(plain, str) and (not plain or any(mark in plain for mark in ",[]\n\t")):
        raise fault(
            "matrix", f"'{plain}' can't be a value of an axis", "it becomes a part of the builder's name: no , [ ]"
        )
    if isinstance(plain, str) and len(plain) > limits.NAME_CHARACTERS:
        raise fault("matrix", f"a value of an axis has at most {limits.NAME_CHARACTERS} characters")
    return plain


def _priority(raw: Any) -> int | Expression:
    if isinstance(raw, dict):
        node = _node(raw, ("expr",))
        assert isinstance(node, Expression)
        return node
    return _bounded(raw, -limits.PRIORITY, limits.PRIORITY)


def _pick(raw: Any) -> str | Expression:
    if isinstance(raw, dict):
        node = _node(raw, ("expr",))
        assert isinstance(node, Expression)
        return node
    text = read_text(raw)
    if text not in PICKS:
        guess = did_you_mean(text, PICKS)
        raise fault("value", f"'{text}' can't stand here{guess}", f"one of {listed(PICKS)}, or {{expr: …}}")
    return text


def _take(raw: Any) -> int | None:
    return None if raw == "all" else _bounded(raw, 1, limits.LOCK_COUNT)


def _bounded(raw: Any, least: int, most: int) -> int:
    number = read_whole(raw)
    if not least <= number <= most:
        raise fault("range", f"{number} is not between {least} and {most}")
    return number


TextValue = Annotated[Any, PlainValidator(_text_value), WithJsonSchema(any_of([TEXT], _VALUES))]
"""A `FileValue` that becomes one text."""
ArgumentValue = Annotated[Any, PlainValidator(_argument), WithJsonSchema(any_of([TEXT], (*_VALUES, "spread")))]
"""A `FileArgument`."""
VariableValue = Annotated[
    Any,
    PlainValidator(_variable),
    WithJsonSchema(any_of([TEXT, {"type": "null"}], (*_VALUES, "secret"))),
]
"""A `FileVariable`."""
AnyValue = Annotated[Any, PlainValidator(_any_value), WithJsonSchema(any_of(PLAIN, _VALUES))]
"""A `FileValue` of any type."""
GivenValue = Annotated[Any, PlainValidator(_given_value), WithJsonSchema(any_of(PLAIN, _VALUES))]
"""A `FileValue` that is given to an input; `inputs.taken` makes of it what the input holds."""
DefaultValue = Annotated[Any, PlainValidator(_given), WithJsonSchema(any_of(PLAIN, ()))]
"""A `Plain` that an input has if nothing is given to it; see `inputs.taken`."""
Choice = Annotated[Any, PlainValidator(_choice), WithJsonSchema(any_of([TEXT, value_schemas.BOOLEAN], ()))]
"""One of the values that an input may have; see `inputs.taken`."""
AxisValue = Annotated[Any, PlainValidator(_axis_value), WithJsonSchema(value_schemas.AXIS_VALUE)]
"""One value of an axis of a matrix."""
ExpressionText = Annotated[str, PlainValidator(read_expression), WithJsonSchema(value_schemas.EXPRESSION)]
"""CEL."""
PriorityValue = Annotated[
    Any,
    PlainValidator(_priority),
    WithJsonSchema(any_of([value_schemas.PRIORITY], ("expr",))),
]
"""A number or an `Expression`."""
PickValue = Annotated[
    Any,
    PlainValidator(_pick),
    WithJsonSchema(any_of([{"enum": list(PICKS)}], ("expr",))),
]
"""A word for an order of workers, or an `Expression`."""
TakeValue = Annotated[
    int | None,
    PlainValidator(_take),
    WithJsonSchema({"anyOf": [{"type": "integer", "minimum": 1, "maximum": limits.LOCK_COUNT}, {"const": "all"}]}),
]
"""How much of a lock; None: all of it."""
