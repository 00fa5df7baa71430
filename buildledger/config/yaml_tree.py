"""YAML text → a tree of nodes with their places, made from the parser's events.

Reading events, and not what a constructor makes of them, lets this format decide what it takes: the core schema of
YAML 1.2, which JSON is part of; no tags, no directives, one document.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from ruamel.yaml import YAML
from ruamel.yaml import events as yaml
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from buildledger.config import limits, scalars
from buildledger.config.document import Document, Mark


class Unreadable(Exception):  # noqa: N818 - stops the reading; the problem is in the document already
    """The text is no document; nothing more can be said about it."""


@dataclass
class Node:
    """A mapping, a list or a scalar. An alias is the very node that its anchor names."""

    mark: Mark
    kind: Literal["mapping", "list", "scalar"]
    scalar: Any = None
    plain: bool = False
    """Written without quotes."""
    indent: int | None = None
    """For a text on one line: the mark-up before it; see `Document.indents`."""
    source: str = ""
    children: list[tuple[Node | None, Node]] = field(default_factory=list)
    """Key and value; the key is None in a list."""
    open: bool = True
    """Its end hasn't been read yet."""
    alias_marks: dict[int, Mark] = field(default_factory=dict)
    """Where the aliases among the children stand, by index."""


class Tree:
    """Parser events → nodes; an alias is the very node that its anchor names."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.anchors: dict[str, Node] = {}
        self.stack: list[Node] = []
        self.keys: list[Node | None] = []
        self.root: Node | None = None
        self.last = Mark(1, 1)

    def build(self, text: str) -> Node | None:
        """The root; None for an empty text.

        Raises:
            Unreadable
        """
        for event in self._events(text):
            match event:
                case yaml.DocumentStartEvent():
                    self._document(event)
                case yaml.ScalarEvent():
                    self._place(self._scalar(event))
                case yaml.AliasEvent():
                    self._alias(event)
                case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                    self._open(event)
                case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                    self.stack.pop().open = False
                    self.keys.pop()
        return self.root

    def _events(self, text: str) -> Iterator[Any]:
        try:
            for event in YAML(typ="safe", pure=True).parse(text):
                self.last = _mark(event.start_mark)
                yield event
        except MarkedYAMLError as error:
            mark = _mark(error.problem_mark) if error.problem_mark else self.last
            self._stop(mark, *_syntax(text, mark, error))
        except (YAMLError, AssertionError, AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            self._stop(self.last, "yaml-syntax", f"this isn't YAML: {reason}")

    def _document(self, event: yaml.DocumentStartEvent) -> None:
        if event.version not in (None, (1, 2)) or event.tags:
            self._stop(
                _mark(event.start_mark), "yaml-directive", "%YAML and %TAG aren't part of the format", "remove it"
            )
        if self.root is not None:
            self._stop(
                _mark(event.start_mark), "yaml-documents", "a configuration is one YAML document", "remove '---'"
            )

    def _open(self, event: Any) -> None:
        mapping = isinstance(event, yaml.MappingStartEvent)
        node = Node(mark=_mark(event.start_mark), kind="mapping" if mapping else "list")
        self._refuse_tag(event, node)
        if len(self.stack) >= limits.DEPTH:
            self._stop(node.mark, "limit-depth", f"mappings and lists are nested deeper than {limits.DEPTH} levels")
        self._anchor(event, node)
        self._place(node)
        self.stack.append(node)
        self.keys.append(None)

    def _scalar(self, event: yaml.ScalarEvent) -> Node:
        node = Node(mark=_mark(event.start_mark), kind="scalar", plain=event.style in (None, ""), open=False)
        self._refuse_tag(event, node)
        node.source = event.value
        if event.style not in ("|", ">") and event.start_mark.line == event.end_mark.line:
            node.indent = 0 if node.plain else 1
        try:
            node.scalar = scalars.resolve(event.value) if node.plain else scalars.text(event.value)
        except scalars.ScalarError as error:
            self.document.add_at(node.mark, error.code, error.message, error.hint)
            node.scalar = ""
        self._anchor(event, node)
        return node

    def _alias(self, event: yaml.AliasEvent) -> None:
        mark = _mark(event.start_mark)
        node = self.anchors.get(event.anchor)
        if node is None:
            self._stop(mark, "yaml-anchor", f"there is no anchor '&{event.anchor}' above this line")
            return
        if node.open:
            self._stop(mark, "yaml-anchor", f"the anchor '&{event.anchor}' would contain itself")
        self._place(node, mark)

    def _anchor(self, event: Any, node: Node) -> None:
        if event.anchor is not None:
            self.anchors[event.anchor] = node

    def _place(self, node: Node, alias_mark: Mark | None = None) -> None:
        if not self.stack:
            self.root = node
            return
        parent = self.stack[-1]
        if parent.kind == "mapping":
            key = self.keys[-1]
            if key is None:
                self.keys[-1] = node
                return
            self.keys[-1] = None
            parent.children.append((key, node))
        else:
            parent.children.append((None, node))
        if alias_mark:
            parent.alias_marks[len(parent.children) - 1] = alias_mark

    def _refuse_tag(self, event: Any, node: Node) -> None:
        if event.tag is not None:
            self.document.add_at(
                node.mark, "yaml-tag", f"tags such as {event.tag} aren't part of the format", "remove it"
            )

    def _stop(self, mark: Mark, code: str, message: str, hint: str = "") -> None:
        self.document.add_at(mark, code, message, hint)
        raise Unreadable


def _mark(mark: Any) -> Mark:
    return Mark(mark.line + 1, mark.column + 1)


_TAB = re.compile(r"^[ ]*\t")


def _syntax(text: str, mark: Mark, error: MarkedYAMLError) -> tuple[str, str, str]:
    """Code, message and hint for what the parser found."""
    lines = text.split("\n")
    line = lines[mark.line - 1] if mark.line <= len(lines) else ""
    problem = str(error.problem or "not understood")
    if "'\\t'" in problem or _TAB.match(line):
        return "yaml-tab", "a tab can't indent YAML", "use spaces"
    if "mapping values are not allowed" in problem:
        return "yaml-syntax", "a second ':' on this line", "quote a value that holds ': ', and check the indentation"
    if "'@'" in problem or "'`'" in problem or "'%'" in problem:
        return "yaml-syntax", problem, "quote a value that begins with @, ` or %"
    context = f" {error.context}" if error.context else ""
    return "yaml-syntax", f"this isn't YAML: {problem}{context}", ""
