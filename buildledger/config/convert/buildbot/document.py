"""The result as the text of a configuration file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from buildledger.config.convert import yaml_text
from buildledger.config.convert.buildbot.new_builder import NewBuilder, NewStep
from buildledger.config.convert.buildbot.templates import Template, Templates
from buildledger.config.convert.buildbot.triggers.trigger import NewTrigger


class Document:
    """A file that is being written, section by section."""

    def __init__(self, head: Sequence[str]) -> None:
        self._lines = [*(line for text in head for line in yaml_text.comment(text, 0)), "version: 1"]

    def text(self) -> str:
        """The whole file."""
        return "\n".join(self._lines) + "\n"

    def key(self, name: str, value: Mapping[str, Any]) -> None:
        """A top-level key; left out if there is nothing in it."""
        if value:
            self._lines += yaml_text.entry(name, value, 0)

    def section(self, name: str, things: Mapping[str, Any], comments: Mapping[str, Sequence[str]]) -> None:
        """A mapping of names, with comments above some of them."""
        if not things:
            return
        self._lines += ["", f"{name}:"]
        for each, keys in things.items():
            self._comments(comments.get(each, ()), 2)
            self._lines += yaml_text.entry(each, keys, 2)

    def templates(self, templates: Mapping[str, Template]) -> None:
        """The templates."""
        if not templates:
            return
        self._lines += ["", "templates:"]
        for name, template in templates.items():
            self._lines.append(f"  {yaml_text.scalar(name)}:")
            if template.inputs:
                self._lines += yaml_text.entry("inputs", template.inputs, 4)
            self._steps(template.steps, template.closing)

    def builders(self, builders: Sequence[NewBuilder], templates: Templates) -> None:
        """The builders, with their steps or the template that has them."""
        self._lines += ["", "builders: {}" if not builders else "builders:"]
        for builder in builders:
            self._comments(builder.comments, 2)
            self._lines.append(f"  {yaml_text.scalar(builder.name)}:")
            self._lines += yaml_text.mapping(builder.keys, 4)
            if builder.inputs:
                self._lines += yaml_text.entry("inputs", builder.inputs, 4)
            template = templates.of(builder)
            if template is None:
                self._steps(builder.steps, builder.closing)
                continue
            self._lines += yaml_text.entry("use", template, 4)
            if builder.inputs:
                self._lines += yaml_text.entry("with", {name: {"input": name} for name in builder.inputs}, 4)

    def triggers(self, triggers: Sequence[NewTrigger]) -> None:
        """The triggers."""
        if not triggers:
            return
        self._lines += ["", "triggers:"]
        for trigger in triggers:
            self._comments(trigger.comments, 2)
            self._lines += yaml_text.item(trigger.keys, 2)

    def _steps(self, steps: Sequence[NewStep], closing: Sequence[str]) -> None:
        self._lines.append("    steps:")
        for step in steps:
            self._comments(step.comments, 6)
            self._lines += yaml_text.item(step.keys, 6)
        self._comments(closing, 6)

    def _comments(self, texts: Sequence[str], indent: int) -> None:
        for text in texts:
            self._lines += yaml_text.comment(text, indent)
