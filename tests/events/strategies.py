"""Values of any type that a fact may hold, from the types themselves."""

from __future__ import annotations

from datetime import UTC
from typing import Any

import msgspec
from hypothesis import strategies as st
from msgspec import inspect as types

from buildledger.events.fact import Fact, Metadata

TEXT = st.text(st.characters(codec="utf-8"), max_size=30)
INTEGERS = st.integers(-(2**63), 2**63 - 1)
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    st.none() | st.booleans() | INTEGERS | FLOATS | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
MOMENTS = st.datetimes(timezones=st.just(UTC))

_SCALARS: dict[type[types.Type], st.SearchStrategy[Any]] = {
    types.AnyType: JSON,
    types.NoneType: st.none(),
    types.BoolType: st.booleans(),
    types.IntType: INTEGERS,
    types.FloatType: FLOATS,
    types.StrType: TEXT,
    types.UUIDType: st.uuids(),
    types.DateTimeType: MOMENTS,
}


def of_struct(cls: type[msgspec.Struct]) -> st.SearchStrategy[Any]:
    """Instances with every field drawn."""
    return _of(types.type_info(cls))


def facts(cls: type[Fact]) -> st.SearchStrategy[Fact]:
    """Facts of one class."""
    return of_struct(cls)


def _of(kind: types.Type) -> st.SearchStrategy[Any]:
    match kind:
        case types.StructType(cls=cls, fields=fields):
            return st.builds(cls, **{field.name: _of(field.type) for field in fields})
        case types.UnionType(types=alternatives):
            return st.one_of([_of(alternative) for alternative in alternatives])
        case types.VarTupleType(item_type=item):
            return st.lists(_of(item), max_size=3).map(tuple)
        case types.DictType(key_type=key, value_type=value):
            return st.dictionaries(_of(key), _of(value), max_size=3)
        case types.LiteralType(values=values):
            return st.sampled_from(values)
        case types.EnumType(cls=cls):
            return st.sampled_from(cls)
        case _:
            return _SCALARS[type(kind)]


METADATA: st.SearchStrategy[Metadata] = of_struct(Metadata)
