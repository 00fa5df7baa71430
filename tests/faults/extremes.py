"""Values that nobody expects, put into commands, bodies and messages in the place of those that belong there."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from enum import Enum
from random import Random
from typing import Any, TypeVar

import msgspec
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

S = TypeVar("S", bound=msgspec.Struct)
M = TypeVar("M", bound=Message)
Step = str | int
Path = tuple[Step, ...]

TEXTS = (
    "",
    "\0",
    "a\0b",
    "\ud800",
    "x\udfffy",
    "é" * 401,
    "x" * 801,
    "x" * 5_000,
    "x" * ((1 << 20) + 1),
    "𝒳" * 300,
    "\x1b[31mred\x07",
    "\r\n\t\u2028\u202e",
    "'; DROP TABLE fact; --",
    "../../etc/passwd",
    "\ufeff\ufffe\uffff",
    "NaN",
    "9" * 40,
)
WHOLE_TEXTS = tuple(text for text in TEXTS if text.encode(errors="ignore").decode() == text and len(text) < 1 << 18)
"""Without half characters, which no protocol message can hold, and no longer than one may be."""
NUMBERS = (-1, 0, 2**31, 2**32, 2**53 - 1, 2**53, 2**63 - 1, 2**63, 2**64, -(2**53), -(2**63), -(2**63) - 1, 10**40)
FRACTIONS = (float("nan"), float("inf"), float("-inf"), 1e308, -1e300, 5e-324, 1e12, -0.0, 2.0**63)
TIMES = (
    datetime(2026, 1, 1),
    datetime.min.replace(tzinfo=UTC),
    datetime.max.replace(tzinfo=UTC),
    datetime.min.replace(tzinfo=timezone(timedelta(hours=14))),
    datetime.max.replace(tzinfo=timezone(-timedelta(hours=12))),
    datetime(1, 1, 2, tzinfo=UTC),
    datetime(9999, 12, 30, tzinfo=UTC),
    datetime(1900, 1, 1, tzinfo=timezone(timedelta(minutes=17, seconds=30))),
)


def in_struct(value: S, random: Random) -> S:
    """The same struct with one value of it replaced."""
    places = list(_leaves(value))
    return value if not places else _replaced(value, *random.choice(places), random)


def in_json(value: Any, random: Random) -> Any:
    """The same JSON document with one value of it replaced, perhaps by one of another type."""
    places = list(_leaves(value))
    return _replaced(value, *random.choice(places), random)


def in_message(message: M, random: Random) -> M:
    """The same protocol message with one field of it, or of a message in it, replaced."""
    made = copy.deepcopy(message)
    _harm(made, random)
    return made


def extreme(value: Any, random: Random) -> Any:
    """Something of the same type, or nearly, that nobody expects."""
    match value:
        case bool():
            return not value
        case str():
            return random.choice(TEXTS)
        case int():
            return random.choice(NUMBERS)
        case float():
            return random.choice(FRACTIONS)
        case datetime():
            return random.choice(TIMES)
        case tuple() | list():
            return type(value)(list(value) * random.choice((0, 2, 1_000)))
        case dict():
            return value | {random.choice(TEXTS): random.choice((*TEXTS, *NUMBERS, *FRACTIONS))}
        case _:
            return random.choice((*TEXTS[:4], *NUMBERS, *FRACTIONS[:2]))


def _leaves(value: Any, at: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every value in a struct, list or mapping that can be replaced, with its place; ids are left alone."""
    match value:
        case msgspec.Struct():
            for name in value.__struct_fields__:
                yield from _leaves(getattr(value, name), (*at, name))
        case dict():
            yield at, value
            for key, inner in value.items():
                yield from _leaves(inner, (*at, key))
        case tuple() | list():
            yield at, value
            for index, inner in enumerate(value):
                yield from _leaves(inner, (*at, index))
        case Enum():
            return
        case bool() | str() | int() | float() | datetime():
            yield at, value


def _replaced(whole: Any, at: Path, old: Any, random: Random) -> Any:
    if not at:
        return extreme(old, random)
    first, *rest = at
    match whole:
        case msgspec.Struct():
            inner = _replaced(getattr(whole, str(first)), tuple(rest), old, random)
            return msgspec.structs.replace(whole, **{str(first): inner})
        case dict():
            return whole | {first: _replaced(whole[first], tuple(rest), old, random)}
        case _:
            made = list(whole)
            made[int(first)] = _replaced(made[int(first)], tuple(rest), old, random)
            return type(whole)(made)


_MAXIMA = {
    FieldDescriptor.CPPTYPE_INT32: (2**31 - 1, -(2**31), -1),
    FieldDescriptor.CPPTYPE_INT64: (2**63 - 1, -(2**63), -1),
    FieldDescriptor.CPPTYPE_UINT32: (2**32 - 1, 0),
    FieldDescriptor.CPPTYPE_UINT64: (2**64 - 1, 2**63, 2**53, 0),
    FieldDescriptor.CPPTYPE_DOUBLE: FRACTIONS,
    FieldDescriptor.CPPTYPE_ENUM: (99, 2**31 - 1, -1, 0),
}


def _harm(message: Message, random: Random) -> None:
    field: Any = random.choice(list(message.DESCRIPTOR.fields))
    if field.message_type is not None and field.message_type.GetOptions().map_entry:
        return
    if field.is_repeated:
        values = getattr(message, field.name)
        for _ in range(random.choice((1, 3))):
            if field.message_type is not None:
                _harm(values.add(), random)
            else:
                values.append(_scalar(field, random))
    elif field.message_type is not None:
        _harm(getattr(message, field.name), random)
    else:
        setattr(message, field.name, _scalar(field, random))


def _scalar(field: Any, random: Random) -> Any:
    if field.type == FieldDescriptor.TYPE_BYTES:
        return random.choice((b"", b"\0", b"\xff\xfe", b"x" * 5_000))
    if field.type == FieldDescriptor.TYPE_STRING:
        return random.choice(WHOLE_TEXTS)
    return random.choice(_MAXIMA.get(field.cpp_type, (True, False)))
