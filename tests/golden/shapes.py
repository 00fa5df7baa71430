"""The shape of stored structs, as plain data that a golden file can hold: fields, types and defaults."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import inspect

Shape = dict[str, dict[str, str]]
"""For each struct, by its name (a fact: its stored one), what each of its fields may hold; after `=` the default."""


def shape_of(*types: Any) -> Shape:
    """All structs that can stand in a value of these types, themselves included."""
    shape: Shape = {}
    for each in types:
        _collect(inspect.type_info(each), shape)
    return dict(sorted(shape.items()))


def breaks(then: Shape, now: Shape, *, optional_may_come: bool = False) -> list[str]:
    """What differs between two shapes, but for what only widens: more structs, and more kinds of values in a field.

    With `optional_may_come` a further field that has a default is no break: its absence has a meaning.
    """
    return sorted(
        f"{struct}.{field}: {fields.get(field, 'absent')} -> {now.get(struct, {}).get(field, 'absent')}"
        for struct, fields in then.items()
        for field in fields.keys() | now.get(struct, {}).keys()
        if not _widens(fields.get(field), now.get(struct, {}).get(field))
        and not (optional_may_come and field not in fields and " = " in now[struct][field])
    )


def _widens(then: str | None, now: str | None) -> bool:
    if then is None or now is None or then == now:
        return then == now
    before, default = _parts(then)
    after, other = _parts(now)
    return default == other and before <= after


def _parts(field: str) -> tuple[set[str], str]:
    kinds, _, default = field.partition(" = ")
    outer, bracket, inner = kinds.partition("[")
    if not bracket:
        return set(kinds.split(" | ")), default
    return {f"{outer}[{each}" for each in inner.removesuffix("]").split(" | ")}, default


def _collect(type_: inspect.Type, shape: Shape) -> None:
    if isinstance(type_, inspect.StructType):
        name = getattr(type_.cls, "NAME", "") or type_.cls.__name__
        if name in shape:
            return
        fields = shape[name] = {}
        if type_.tag is not None:
            fields[str(type_.tag_field)] = f"'{type_.tag}'"
        for field in type_.fields:
            fields[field.encode_name] = _text(field.type) + _default(field)
    for inner in _inner(type_):
        _collect(inner, shape)


def _inner(type_: inspect.Type) -> Iterator[inspect.Type]:
    match type_:
        case inspect.StructType():
            yield from (field.type for field in type_.fields)
        case inspect.UnionType():
            yield from type_.types
        case inspect.TupleType():
            yield from type_.item_types
        case inspect.VarTupleType() | inspect.ListType() | inspect.SetType():
            yield type_.item_type
        case inspect.DictType():
            yield type_.key_type
            yield type_.value_type
        case _:
            pass


def _text(type_: inspect.Type) -> str:
    match type_:
        case inspect.StructType():
            return type_.cls.__name__
        case inspect.UnionType():
            return " | ".join(sorted(_text(each) for each in type_.types))
        case inspect.LiteralType():
            return " | ".join(sorted(repr(value) for value in type_.values))
        case inspect.EnumType():
            return " | ".join(sorted(repr(str(value.value)) for value in type_.cls))
        case inspect.CustomType():
            return type_.cls.__name__
        case _:
            inner = ", ".join(_text(each) for each in _inner(type_))
            name = type(type_).__name__.removesuffix("Type").lower()
            return f"{name}[{inner}]" if inner else name


def _default(field: inspect.Field) -> str:
    default: Any = field.default
    if field.default_factory is not msgspec.NODEFAULT:
        default = field.default_factory()
    elif field.default is msgspec.NODEFAULT:
        return ""
    return f" = {msgspec.json.encode(default, order='deterministic').decode()}"
