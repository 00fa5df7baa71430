"""Builds protocol messages from the plain data of a case.

Field and value names are those of `worker.proto`, so that the comments there document the cases too. Enumeration values
may be written without their prefix (`RUN` for `WANT_RUN`), durations with a unit (`300 ms`), bytes as text or as
`{hex: "ff 00"}`; a long text is `{text: "ab", times: 1000}`. A number stands for an enumeration value that no version
of the protocol knows.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message

from buildledger.conformance.quantities import parse_seconds, parse_size

M = TypeVar("M", bound=Message)
_NANOSECONDS = 1_000_000_000
_INTEGERS = {
    FieldDescriptor.CPPTYPE_INT32,
    FieldDescriptor.CPPTYPE_INT64,
    FieldDescriptor.CPPTYPE_UINT32,
    FieldDescriptor.CPPTYPE_UINT64,
}


class MessageError(Exception):
    """Data that doesn't fit the message it is meant for."""

    def __init__(self, path: str, message: str) -> None:
        self.path = path
        super().__init__(f"{path}: {message}" if path else message)


def build(kind: type[M], data: Mapping[str, Any], path: str = "") -> M:
    """The message that `data` describes.

    Raises:
        MessageError: a field is unknown or a value doesn't fit it.
    """
    message = kind()
    fill(message, data, path)
    return message


def fill(message: Message, data: object, path: str) -> None:
    """Set the fields that `data` names.

    Raises:
        MessageError: a field is unknown or a value doesn't fit it.
    """
    if not isinstance(data, Mapping):
        raise MessageError(path, f"{message.DESCRIPTOR.name} is written as a mapping of its fields")
    for name, value in data.items():
        _set(message, field_named(message, str(name), path), value, _below(path, str(name)))


def field_named(message: Message, name: str, path: str) -> FieldDescriptor:
    """A field of the message.

    Raises:
        MessageError: there is none of that name.
    """
    field = message.DESCRIPTOR.fields_by_name.get(name)
    if field is None:
        known = ", ".join(sorted(message.DESCRIPTOR.fields_by_name)) or "none"
        raise MessageError(_below(path, name), f"{message.DESCRIPTOR.name} has no such field; it has: {known}")
    return cast("FieldDescriptor", field)


def enum_number(kind: EnumDescriptor, value: object, path: str) -> int:
    """The number of an enumeration value, by its name with or without prefix.

    Raises:
        MessageError: there is no such value.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    names = {each.name: each.number for each in kind.values}
    prefix = names_prefix(kind)
    for name in (str(value), prefix + str(value)):
        if name in names:
            return names[name]
    raise MessageError(path, f"{value!r} isn't one of {', '.join(name.removeprefix(prefix) for name in names)}")


def enum_name(kind: EnumDescriptor, number: int) -> str:
    """How a case writes an enumeration value."""
    value = kind.values_by_number.get(number)
    return value.name.removeprefix(names_prefix(kind)) if value is not None else str(number)


def names_prefix(kind: EnumDescriptor) -> str:
    """What all values of an enumeration begin with, made from its name: `ExitReason` gives `EXIT_REASON_`."""
    return "".join("_" + each if each.isupper() else each.upper() for each in kind.name).lstrip("_") + "_"


def duration(seconds: float) -> Duration:
    """A protocol duration."""
    whole, nanos = divmod(round(seconds * _NANOSECONDS), _NANOSECONDS)
    return Duration(seconds=whole, nanos=nanos)


def as_bytes(value: object, path: str) -> bytes:
    """Bytes from text, `{hex: …}` or `{text: …, times: n}`.

    Raises:
        MessageError: it is none of these.
    """
    match value:
        case str():
            return value.encode()
        case {"hex": str(digits), **rest} if not rest:
            try:
                return bytes.fromhex(digits)
            except ValueError as error:
                raise MessageError(path, f"not hexadecimal: {error}") from error
        case {"text": str(text), "times": times, **rest} if not rest:
            return text.encode() * parse_size(times)
    raise MessageError(path, f"{value!r}: write text, {{hex: …}} or {{text: …, times: n}}")


def _set(message: Message, field: FieldDescriptor, value: object, path: str) -> None:
    if _is_map(field):
        if not isinstance(value, Mapping):
            raise MessageError(path, "is written as a mapping")
        target = getattr(message, field.name)
        value_field = cast("Descriptor", field.message_type).fields_by_name["value"]
        for key, each in value.items():
            target[str(key)] = _scalar(value_field, each, _below(path, str(key)))
    elif field.is_repeated:
        if not isinstance(value, list):
            raise MessageError(path, "is written as a list")
        for number, each in enumerate(value):
            _append(getattr(message, field.name), field, each, f"{path}[{number}]")
    elif field.message_type is not None:
        target = getattr(message, field.name)
        target.SetInParent()
        _fill_message(target, value, path)
    else:
        setattr(message, field.name, _scalar(field, value, path))


def _append(target: Any, field: FieldDescriptor, value: object, path: str) -> None:
    if field.message_type is not None:
        _fill_message(target.add(), value, path)
    else:
        target.append(_scalar(field, value, path))


def _fill_message(target: Message, value: object, path: str) -> None:
    if isinstance(target, Duration):
        target.CopyFrom(duration(_quantity(parse_seconds, value, path)))
    else:
        fill(target, value if value is not None else {}, path)


def _scalar(field: FieldDescriptor, value: object, path: str) -> Any:
    if field.enum_type is not None:
        return enum_number(field.enum_type, value, path)
    if field.cpp_type in _INTEGERS:
        return _quantity(parse_size, value, path)
    if field.type == FieldDescriptor.TYPE_BYTES:
        return as_bytes(value, path)
    if field.cpp_type == FieldDescriptor.CPPTYPE_STRING:
        return as_bytes(value, path).decode()
    if field.cpp_type == FieldDescriptor.CPPTYPE_BOOL and isinstance(value, bool):
        return value
    raise MessageError(path, f"{value!r} doesn't fit the field")


def _quantity(parse: Any, value: object, path: str) -> Any:
    try:
        return parse(value)
    except ValueError as error:
        raise MessageError(path, str(error)) from error


def _is_map(field: FieldDescriptor) -> bool:
    return field.message_type is not None and field.message_type.GetOptions().map_entry


def _below(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
