"""Value nodes: what may stand in a configuration where a build-time value is wanted.

There is no string interpolation. A value is plain data or exactly one of these nodes, so nothing that comes from a
commit, an input or a property can ever become syntax. `{matrix: x}` and the inputs of templates are replaced by their
values when the file is loaded, and don't occur here.
"""

from __future__ import annotations

import msgspec

Plain = str | int | bool | tuple[str, ...]
"""A value that needs nothing else to be known."""


class InputRef(msgspec.Struct, frozen=True, tag="input", tag_field="node"):
    """The value given to one of the builder's inputs."""

    name: str


class PropertyRef(msgspec.Struct, frozen=True, tag="property", tag_field="node"):
    """A property of the build: the builder's own, or one that an earlier step has set."""

    name: str


class Expression(msgspec.Struct, frozen=True, tag="expr", tag_field="node"):
    """A CEL expression, already compiled and type-checked once when the file was loaded."""

    source: str
    bind: dict[str, Value] = msgspec.field(default_factory=dict)
    """Inside a template: what its inputs stand for in this builder, by input name. They hide the builder's inputs."""


class SecretRef(msgspec.Struct, frozen=True, tag="secret", tag_field="node"):
    """A secret by name; it stays a name in everything that is stored."""

    name: str
    mask: bool = True
    """False: it isn't hidden in what the program writes."""


Value = Plain | InputRef | PropertyRef | Expression
"""What becomes plain data once a build's context is known."""


class Spread(msgspec.Struct, frozen=True, tag="spread", tag_field="node"):
    """A list whose elements become arguments of their own, wherever it stands in an argv."""

    value: Value


Argument = Value | Spread
"""An element of an argv."""

EnvironmentValue = Value | SecretRef | None
"""A variable's value; None takes the variable out of what the worker hands down."""
