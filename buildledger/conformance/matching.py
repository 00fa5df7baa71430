"""Compares a message with what a case expects of it.

An expectation names some fields of the message; the others may have any value. A field's expectation is a value, or one
of: `{at_least: n}`, `{at_most: n}`, `{matches: regular expression}`, `{contains: text}`, `{one_of: [values]}`,
`{absent: true}`, `{set: true}`. A list field takes a list of the same length, `{count: n}`, `{at_least: n}`,
`{any: element}` or `{none: element}`; a map field takes the entries that must be there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from google.protobuf.timestamp_pb2 import Timestamp

from buildledger.conformance.message_builder import MessageError, as_bytes, enum_name, enum_number, field_named
from buildledger.conformance.quantities import parse_seconds, parse_size

Expected = Mapping[str, Any]
_LONGEST_SHOWN = 200


def mismatches(message: Message, expected: Expected, path: str = "") -> list[str]:
    """What is otherwise than expected, one sentence each; empty if it matches.

    Raises:
        MessageError: the expectation itself makes no sense for this message.
    """
    found: list[str] = []
    for name, value in expected.items():
        field = field_named(message, name, path)
        found += _field(message, field, value, f"{path}.{name}" if path else name)
    return found


def _field(message: Message, field: FieldDescriptor, expected: object, path: str) -> list[str]:
    match expected:
        case {"absent": True, **rest} if not rest:
            return [] if not _is_set(message, field) else [f"{path} should not be set"]
        case {"set": True, **rest} if not rest:
            return [] if _is_set(message, field) else [f"{path} isn't set"]
    value = getattr(message, field.name)
    if field.message_type is not None and field.message_type.GetOptions().map_entry:
        return _map(value, expected, path)
    if field.is_repeated:
        return _repeated(field, value, expected, path)
    if field.has_presence and not message.HasField(field.name):
        _one(field, value, expected, path)
        return [f"{path} isn't set"]
    return _one(field, value, expected, path)


def _is_set(message: Message, field: FieldDescriptor) -> bool:
    return message.HasField(field.name) if field.has_presence else bool(getattr(message, field.name))


def _map(value: Mapping[str, Any], expected: object, path: str) -> list[str]:
    if not isinstance(expected, Mapping):
        raise MessageError(path, "expects a mapping")
    return [
        f"{path}.{key} is {value.get(key)!r}, not {each!r}" for key, each in expected.items() if value.get(key) != each
    ]


def _repeated(field: FieldDescriptor, values: Sequence[Any], expected: object, path: str) -> list[str]:
    match expected:
        case list():
            if len(values) != len(expected):
                return [f"{path} has {len(values)} elements, not {len(expected)}: {_show(list(values))}"]
            pairs = zip(values, expected, strict=True)
            return [
                each
                for number, (value, want) in enumerate(pairs)
                for each in _one(field, value, want, f"{path}[{number}]")
            ]
        case {"count": int(count), **rest} if not rest:
            return (
                []
                if len(values) == count
                else [f"{path} has {len(values)} elements, not {count}: {_show(list(values))}"]
            )
        case {"at_least": int(count), **rest} if not rest:
            return [] if len(values) >= count else [f"{path} has {len(values)} elements, fewer than {count}"]
        case {"any": want, **rest} if not rest:
            _check(field, want, path)
            if any(not _one(field, value, want, path) for value in values):
                return []
            return [f"{path} has no element like {_show(want)}: {_show(list(values))}"]
        case {"none": want, **rest} if not rest:
            _check(field, want, path)
            return [
                f"{path} has {_show(value)}, which it shouldn't"
                for value in values
                if not _one(field, value, want, path)
            ]
    raise MessageError(path, "expects a list, {count: n}, {at_least: n}, {any: …} or {none: …}")


def _check(field: FieldDescriptor, want: object, path: str) -> None:
    """Find mistakes in an expectation also when there is nothing to compare it with."""
    if field.message_type is not None:
        _one(field, GetMessageClass(field.message_type)(), want, path)


def _one(field: FieldDescriptor, value: Any, expected: object, path: str) -> list[str]:
    if isinstance(value, Message) and not isinstance(value, (Duration, Timestamp)):
        if expected is None:
            return []
        if not isinstance(expected, Mapping):
            raise MessageError(path, f"{value.DESCRIPTOR.name} is compared with a mapping of its fields")
        return mismatches(value, expected, path)
    if _agrees(field, value, expected, path):
        return []
    shown = enum_name(field.enum_type, value) if field.enum_type is not None else _show(value)
    return [f"{path} is {shown}, expected {_show(expected)}"]


def _agrees(field: FieldDescriptor, value: Any, expected: object, path: str) -> bool:
    match expected:
        case {"at_least": bound, **rest} if not rest:
            return bool(_number(value) >= _bound(value, bound, path))
        case {"at_most": bound, **rest} if not rest:
            return bool(_number(value) <= _bound(value, bound, path))
        case {"matches": str(pattern), **rest} if not rest:
            return re.search(pattern, _text(value)) is not None
        case {"contains": str(part), **rest} if not rest:
            return part in _text(value)
        case {"one_of": list(choices), **rest} if not rest:
            return True in {_agrees(field, value, each, path) for each in choices}
    if field.enum_type is not None:
        return bool(value == enum_number(field.enum_type, expected, path))
    if isinstance(value, bytes):
        return value == as_bytes(expected, path)
    if isinstance(value, Duration):
        return _number(value) == _bound(value, expected, path)
    if isinstance(value, bool):
        return value is expected
    return bool(value == (_bound(value, expected, path) if isinstance(value, (int, float)) else expected))


def _number(value: Any) -> float:
    if isinstance(value, (Duration, Timestamp)):
        return value.seconds + value.nanos / 1e9
    return len(value) if isinstance(value, (str, bytes)) else value


def _bound(value: Any, bound: object, path: str) -> float:
    try:
        return parse_seconds(bound) if isinstance(value, Duration) else parse_size(bound)
    except ValueError as error:
        raise MessageError(path, str(error)) from error


def _text(value: Any) -> str:
    return value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else str(value)


def _show(value: object) -> str:
    text = " ".join(repr(value).split())
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"
