"""Values of models as a file would have them: durations and sizes with their units, value nodes with their key."""

from __future__ import annotations

from typing import Any, get_args

import msgspec
from pydantic.fields import FieldInfo

from buildledger.config.explain.explained import DEFAULT, Explained
from buildledger.config.fields import field_types, nodes, spelling
from buildledger.config.fields.strict import Strict
from buildledger.config.values import Expression, InputRef, PropertyRef, SecretRef


def default(value: Any, field: FieldInfo) -> Explained:
    """What a key means that nobody wrote, as it would be written."""
    match value:
        case Strict():
            entries = {
                each.alias or name: default(getattr(value, name), each)
                for name, each in type(value).model_fields.items()
            }
            return Explained(value=entries, origin=DEFAULT)
        case dict():
            return Explained(value={key: default(inner, field) for key, inner in value.items()}, origin=DEFAULT)
        case list() | tuple():
            return Explained(value=tuple(default(inner, field) for inner in value), origin=DEFAULT)
        case _:
            return Explained(value=spelt(value, field), origin=DEFAULT)


def as_written(node: Any) -> dict[str, str | bool]:
    """A value node as it stands in a file."""
    match node:
        case nodes.MatrixRef(name=name):
            return {"matrix": name}
        case InputRef(name=name):
            return {"input": name}
        case PropertyRef(name=name):
            return {"property": name}
        case Expression(source=source):
            return {"expr": source}
        case SecretRef(name=name, mask=mask):
            return {"secret": name} if mask else {"secret": name, "mask": False}
        case _:
            return msgspec.to_builtins(node)  # type: ignore[no-any-return]


def spelt(value: Any, field: FieldInfo | None) -> str | int | bool | None:
    """A value of a model as it would be written: durations and sizes with their units."""
    read_by = kinds(field)
    if isinstance(value, float) or (value is None and get_args(field_types.DurationOrNever)[1] in read_by):
        return spelling.duration(value)
    if isinstance(value, int) and get_args(field_types.Size)[1] in read_by:
        return spelling.size(value)
    known: str | int | bool | None = value
    return known


def kinds(field: FieldInfo | None) -> list[Any]:
    """By what a field's values are read, whether or not they may be left out."""
    if field is None:
        return []
    alternatives = [kind for one in get_args(field.annotation) for kind in get_args(one)[1:]]
    return [*field.metadata, *alternatives]
