"""Checks a fact against the limits, each field by its type.

The one gate for all input: whatever door something came through, it stands in a fact before anybody follows it, and no
fact is stored that `check` refuses.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection
from datetime import datetime
from functools import cache
from typing import Any

import msgspec
from msgspec import inspect

from buildledger.events.build import TestResult
from buildledger.events.config import ConfigApplied
from buildledger.events.fact import Fact
from buildledger.events.limits import (
    DEPTH,
    FIRST_TIME,
    FRACTION_MAX,
    ITEMS,
    JSON_NUMBER_MAX,
    LAST_TIME,
    NAME_BYTES,
    NUMBER_MAX,
    TEXT_CHARACTERS,
    LimitError,
    check_text,
)

OTHER_TEXTS: dict[tuple[type, str], int] = {(ConfigApplied, "text"): 64 << 20, (TestResult, "name"): TEXT_CHARACTERS}
"""In characters: those that may be longer than their field's name says."""
NAMES = frozenset(
    {"branch", "builder", "builders", "channel", "name", "parents", "previous", "revision", "source", "worker"}
)
"""Fields of facts that hold names."""

_Check = Callable[[Any], None]


def check(fact: Fact) -> None:
    """Make sure that a fact can be held everywhere; some microseconds each.

    Raises:
        LimitError
    """
    try:
        _struct(type(fact))(fact)
    except LimitError as error:
        error.at = f"{fact.NAME}{error.at}"
        raise


def _name(text: str) -> None:
    check_text(text, NAME_BYTES)
    if not text.isascii() and (length := len(text.encode())) > NAME_BYTES:
        raise LimitError(f"has {length} bytes, more than {NAME_BYTES}")


def _number(number: int) -> None:
    if not -NUMBER_MAX <= number <= NUMBER_MAX:
        raise LimitError(f"is {_shown(number)}, beyond {NUMBER_MAX}")


def _fraction(number: float) -> None:
    if not -FRACTION_MAX <= number <= FRACTION_MAX:
        raise LimitError(f"is {number:g}, which is no number up to {FRACTION_MAX:g}")


def _time(time: datetime) -> None:
    if time.tzinfo is None or time.utcoffset() is None:
        raise LimitError(f"is {time.isoformat()}, a time without its offset from UTC")
    if not FIRST_TIME <= time <= LAST_TIME:
        raise LimitError(f"is {time.isoformat()}, before {FIRST_TIME.year:04} or after {LAST_TIME.year}")


def _json(value: Any, depth: int = 0) -> None:
    """A value that a build or a person made up; a struct may stand in it, as in tests and tools."""
    if depth > DEPTH:
        raise LimitError(f"is nested more than {DEPTH} deep")
    match value:
        case None | bool():
            return
        case str():
            check_text(value)
        case int():
            if not -JSON_NUMBER_MAX <= value <= JSON_NUMBER_MAX:
                raise LimitError(f"is {_shown(value)}, beyond 64 bits")
        case float():
            if not math.isfinite(value):
                raise LimitError(f"is {value}, which JSON can't say")
        case dict():
            _count(value)
            for key, inner in value.items():
                _within(f"[{key!r}]", check_text, key)
                _within(f"[{key!r}]", lambda one: _json(one, depth + 1), inner)
        case list() | tuple():
            _count(value)
            for index, inner in enumerate(value):
                _within(f"[{index}]", lambda one: _json(one, depth + 1), inner)
        case _:
            raise LimitError(f"is a {type(value).__name__}, which JSON can't say")


def _count(values: Any) -> None:
    if len(values) > ITEMS:
        raise LimitError(f"has {len(values)} items, more than {ITEMS}")


def _within(place: str, inner: _Check, value: Any) -> None:
    try:
        inner(value)
    except LimitError as error:
        error.at = f"{place}{error.at}"
        raise


@cache
def _struct(cls: type[msgspec.Struct]) -> _Check:
    """Checks the fields of one class that can be beyond a limit."""
    kind = inspect.type_info(cls)
    assert isinstance(kind, inspect.StructType)
    found = [(field.name, _of(field.type, cls, field.name)) for field in kind.fields]
    fields = [(name, inner) for name, inner in found if inner is not None]

    def each(value: Any) -> None:
        for name, inner in fields:
            try:
                inner(getattr(value, name))
            except LimitError as error:
                error.at = f".{name}{error.at}"
                raise

    return each


def _of(kind: inspect.Type, cls: type, field: str) -> _Check | None:
    """The check of a type; None for one whose every value can be held."""
    if (scalar := _SCALARS.get(type(kind))) is not None:
        return scalar
    match kind:
        case inspect.StrType():
            return _text_check(cls, field)
        case inspect.LiteralType(values=values):
            return _one_of(values)
        case inspect.EnumType(cls=enum):
            return _one_of(tuple(enum))
        case inspect.StructType(cls=inner):
            return _struct(inner)
        case inspect.UnionType(types=alternatives):
            return _union(alternatives, cls, field)
        case inspect.VarTupleType(item_type=item):
            return _list(_of(item, cls, field))
        case inspect.DictType(key_type=key, value_type=value):
            return _mapping(_of(key, cls, field), _of(value, cls, field))
        case inspect.NoneType() | inspect.UUIDType():
            return None
        case _:
            raise TypeError(f"{cls.__name__}.{field}: say in {__name__} what a {type(kind).__name__} may hold")


def _text_check(cls: type, field: str) -> _Check:
    limit = OTHER_TEXTS.get((cls, field))
    if limit is None and field in NAMES:
        return _name
    return lambda text: check_text(text, limit or TEXT_CHARACTERS)


def _union(alternatives: tuple[inspect.Type, ...], cls: type, field: str) -> _Check | None:
    """The check of whichever type a value has; several scalars beside each other don't occur in facts."""
    structs = {one.cls: _struct(one.cls) for one in alternatives if isinstance(one, inspect.StructType)}
    checks = (_of(one, cls, field) for one in alternatives if not isinstance(one, inspect.StructType))
    others = [one for one in checks if one is not None]
    assert len(others) <= 1, f"{cls.__name__}.{field} is one of several scalars"
    if not structs and not others:
        return None

    def chosen(value: Any) -> None:
        if value is None:
            return
        inner = structs.get(type(value)) or (others[0] if others else None)
        if inner is None:
            raise LimitError(f"is a {type(value).__name__}, which can't stand here")
        inner(value)

    return chosen


def _one_of(values: Collection[object]) -> _Check:
    known = frozenset(values)

    def chosen(value: Any) -> None:
        if value not in known:
            raise LimitError(f"is {value!r:.80}, none of {', '.join(map(str, values))}")

    return chosen


def _list(item: _Check | None) -> _Check:
    def each(values: Any) -> None:
        _count(values)
        if item is not None:
            for index, value in enumerate(values):
                try:
                    item(value)
                except LimitError as error:
                    error.at = f"[{index}]{error.at}"
                    raise

    return each


def _mapping(key: _Check | None, value: _Check | None) -> _Check:
    def each(values: Any) -> None:
        _count(values)
        for name, inner in values.items():
            if key is not None:
                _within(f"[{name!r}]", key, name)
            if value is not None:
                _within(f"[{name!r}]", value, inner)

    return each


def _shown(number: int) -> str:
    """A number for people; one of thousands of digits takes Python seconds to write."""
    return str(number) if number.bit_length() <= 128 else f"a number of {number.bit_length()} bits"


_SCALARS: dict[type[inspect.Type], _Check] = {
    inspect.IntType: _number,
    inspect.FloatType: _fraction,
    inspect.DateTimeType: _time,
    inspect.AnyType: _json,
    inspect.BoolType: _one_of((True, False)),
}
