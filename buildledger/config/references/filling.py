"""What stands for the file's references in one cell of a builder: values of its matrix, arguments of its template."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from buildledger.config.expressions.cel import mentioned
from buildledger.config.fields import nodes
from buildledger.config.values import Argument, EnvironmentValue, Expression, InputRef, Plain, Spread, Value


class Filling(msgspec.Struct, frozen=True, kw_only=True):
    """Replaces references by what is known when the file is loaded; the others stay references."""

    matrix: Mapping[str, str | int | bool] = msgspec.field(default_factory=dict)
    arguments: Mapping[str, Value] | None = None
    """Inside a template: what its inputs stand for. None: inputs are the builder's, and stay references."""

    def value(self, node: nodes.FileValue) -> Value:
        """A value of the file with everything put in that is known at load."""
        match node:
            case nodes.MatrixRef(name=name):
                return self.matrix[name]
            case InputRef(name=name) if self.arguments is not None:
                return self.arguments[name]
            case Expression(source=source) if self.arguments is not None:
                names = {name for name in self.arguments if f"inputs.{name}" in mentioned(source)}
                return Expression(source, {name: self.arguments[name] for name in sorted(names)})
            case _:
                return node

    def text(self, node: nodes.FileValue) -> Value:
        """The same where one text is wanted: what is known becomes text."""
        return as_text(self.value(node))

    def optional_text(self, node: nodes.FileValue | None) -> Value | None:
        """The same where the file may leave the text out."""
        return None if node is None else self.text(node)

    def arguments_of(self, argv: Sequence[nodes.FileArgument]) -> tuple[Argument, ...]:
        """An argv; lists that are known are spread."""
        result: list[Argument] = []
        for argument in argv:
            if not isinstance(argument, Spread):
                result.append(self.text(argument))
                continue
            elements = self.value(argument.value)
            if isinstance(elements, tuple):
                result.extend(elements)
            else:
                result.append(Spread(elements))
        return tuple(result)

    def environment(self, env: Mapping[str, Any]) -> dict[str, EnvironmentValue]:
        """The environment variables of a step, with what is known filled in."""
        return {name: None if node is None else self.text(node) for name, node in env.items()}


def as_text(value: Value) -> Value:
    """A known value as text, the way `evaluate.text` writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int) else value


def plain(value: Value) -> Plain | None:
    """A value that needs nothing else to be known; None for one that does."""
    return value if isinstance(value, str | bool | int | tuple) else None
