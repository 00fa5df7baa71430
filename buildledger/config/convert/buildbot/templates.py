"""Steps that several builders have in common become one template."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from buildledger.config.convert.buildbot.names import unique
from buildledger.config.convert.buildbot.new_builder import NewBuilder, NewStep


@dataclass
class Template:
    """A template of the result."""

    inputs: dict[str, dict[str, Any]]
    steps: list[NewStep]
    closing: list[str]


class Templates:
    """The templates of the result, and who uses which."""

    def __init__(self, builders: list[NewBuilder]) -> None:
        self.declared: dict[str, Template] = {}
        self._used: dict[str, str] = {}
        alike: dict[str, list[NewBuilder]] = {}
        for builder in builders:
            alike.setdefault(_key(builder), []).append(builder)
        for group in alike.values():
            if len(group) > 1:
                self._declare(group)

    def of(self, builder: NewBuilder) -> str | None:
        """The template that a builder uses."""
        return self._used.get(builder.name)

    def _declare(self, group: list[NewBuilder]) -> None:
        first = group[0]
        name = unique(f"{first.name}-steps"[:64], self.declared)
        self.declared[name] = Template(first.inputs, first.steps, first.closing)
        self._used |= dict.fromkeys((builder.name for builder in group), name)


def _key(builder: NewBuilder) -> str:
    steps = [(step.keys, step.comments) for step in builder.steps]
    return json.dumps([builder.inputs, steps, builder.closing], sort_keys=True)
