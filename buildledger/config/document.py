"""YAML text → plain data that knows where each key and value stands.

YAML 1.2 core schema, which JSON is part of, read from the parser's events so that what is taken and what isn't is
decided here: no tags, no directives, no merge keys, one document, text as keys, no key twice; anchors are expanded
within limits.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from ruamel.yaml import YAML
from ruamel.yaml import events as yaml
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from buildledger.config import limits, scalars
from buildledger.config.problems import Path, Problem


class Mark(NamedTuple):
    """A place in the file, both from 1."""

    line: int
    column: int


@dataclass
class Document:
    """What a file holds, with the place of everything in it and the problems met so far."""

    file: str
    data: Any = None
    values: dict[Path, Mark] = field(default_factory=dict)
    keys: dict[Path, Mark] = field(default_factory=dict)
    indents: dict[Path, int] = field(default_factory=dict)
    """For a text on one line: how many characters of mark-up stand before it (1 for a quote)."""
    problems: list[Problem] = field(default_factory=list)
    _seen: set[Problem] = field(default_factory=set)

    def mark(self, path: Path, *, at_key: bool = False) -> Mark:
        """Where `path` stands, or, for something that isn't there, the nearest thing around it."""
        while path:
            found = self.keys.get(path) if at_key else self.values.get(path)
            found = found or self.values.get(path) or self.keys.get(path)
            if found:
                return found
            path = path[:-1]
            at_key = path not in self.indents
        return self.values.get((), Mark(1, 1))

    def add(
        self, code: str, path: Path, message: str, hint: str = "", *, at_key: bool = False, warning: bool = False
    ) -> None:
        """Report a problem at a path; the same one at the same place is reported once."""
        mark = self.mark(path, at_key=at_key)
        self.add_at(mark, code, message, hint, path=path, warning=warning)

    def add_at(
        self, mark: Mark, code: str, message: str, hint: str = "", *, path: Path = (), warning: bool = False
    ) -> None:
        """Report a problem at a place."""
        problem = Problem(
            file=self.file,
            line=mark.line,
            column=mark.column,
            code=code,
            message=message,
            hint=hint,
            path=path,
            severity="warning" if warning else "error",
        )
        if problem not in self._seen:
            self._seen.add(problem)
            self.problems.append(problem)

    @property
    def failed(self) -> bool:
        """Whether there is an error among the problems."""
        return any(problem.severity == "error" for problem in self.problems)


class Unreadable(Exception):  # noqa: N818 - stops the reading; the problem is in the document already
    """The text is no document; nothing more can be said about it."""


def read(text: str, file: str) -> Document:
    """Parse a file's text. Problems are in the document; `data` is None when nothing could be read."""
    document = Document(file=file)
    try:
        root = _Tree(document).build(text)
        if root is not None:
            document.data = _Expansion(document).expand(root, ())
            document.values.setdefault((), root.mark)
    except Unreadable:
        document.data = None
    return document


@dataclass
class _Node:
    mark: Mark
    kind: Literal["mapping", "list", "scalar"]
    scalar: Any = None
    plain: bool = False
    indent: int | None = None
    source: str = ""
    children: list[tuple[_Node | None, _Node]] = field(default_factory=list)
    """Key and value; the key is None in a list."""
    anchored: bool = False
    open: bool = True
    alias_marks: dict[int, Mark] = field(default_factory=dict)


class _Tree:
    """Parser events → nodes; an alias is the very node that its anchor names."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.anchors: dict[str, _Node] = {}
        self.stack: list[_Node] = []
        self.keys: list[_Node | None] = []
        self.root: _Node | None = None
        self.last = Mark(1, 1)

    def build(self, text: str) -> _Node | None:
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
        if self.root is not None:
            self._stop(
                _mark(event.start_mark), "yaml-documents", "a configuration is one YAML document", "remove '---'"
            )

    def _open(self, event: Any) -> None:
        mapping = isinstance(event, yaml.MappingStartEvent)
        node = _Node(mark=_mark(event.start_mark), kind="mapping" if mapping else "list")
        self._refuse_tag(event, node)
        if len(self.stack) >= limits.DEPTH:
            self._stop(node.mark, "limit-depth", f"mappings and lists are nested deeper than {limits.DEPTH} levels")
        self._anchor(event, node)
        self._place(node)
        self.stack.append(node)
        self.keys.append(None)

    def _scalar(self, event: yaml.ScalarEvent) -> _Node:
        node = _Node(mark=_mark(event.start_mark), kind="scalar", plain=event.style in (None, ""), open=False)
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
        node.anchored = True
        self._place(node, mark)

    def _anchor(self, event: Any, node: _Node) -> None:
        if event.anchor is not None:
            self.anchors[event.anchor] = node

    def _place(self, node: _Node, alias_mark: Mark | None = None) -> None:
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

    def _refuse_tag(self, event: Any, node: _Node) -> None:
        if event.tag is not None:
            self.document.add_at(
                node.mark, "yaml-tag", f"tags such as {event.tag} aren't part of the format", "remove it"
            )

    def _stop(self, mark: Mark, code: str, message: str, hint: str = "") -> None:
        self.document.add_at(mark, code, message, hint)
        raise Unreadable


class _Expansion:
    """Nodes → data, with marks; counts what anchors bring forth."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.nodes = 0
        self.anchor_nodes = 0

    def expand(self, node: _Node, path: Path, *, mark: Mark | None = None, aliased: bool = False) -> Any:
        self._count(node, path, mark or node.mark, aliased=aliased)
        self.document.values[path] = mark or node.mark
        if node.kind == "scalar":
            if node.indent is not None:
                self.document.indents[path] = node.indent
            return node.scalar
        if node.kind == "list":
            return [
                self.expand(
                    child,
                    (*path, index),
                    mark=node.alias_marks.get(index),
                    aliased=aliased or index in node.alias_marks,
                )
                for index, (_, child) in enumerate(node.children)
            ]
        result: dict[str, Any] = {}
        for index, (key, child) in enumerate(node.children):
            name = self._key(key, path)
            if name is None:
                continue
            if name in result:
                first = self.document.keys[(*path, name)]
                self.document.add_at(
                    key.mark if key else node.mark,
                    "duplicate-key",
                    f"the key '{name}' stands here twice",
                    f"the first is on line {first.line}",
                    path=(*path, name),
                )
                continue
            self.document.keys[(*path, name)] = key.mark if key else node.mark
            alias_mark = node.alias_marks.get(index)
            result[name] = self.expand(child, (*path, name), mark=alias_mark, aliased=aliased or alias_mark is not None)
        return result

    def _key(self, key: _Node | None, path: Path) -> str | None:
        assert key is not None
        if key.plain and key.source == "<<":
            self.document.add_at(
                key.mark,
                "merge-key",
                "'<<' isn't part of the format",
                "repeat the keys, or use a template",
                path=path,
            )
            return None
        if key.kind == "scalar" and isinstance(key.scalar, str):
            return key.scalar
        if key.kind == "scalar" and key.scalar is not None:
            message = f"{key.source} as a key was read as {scalars.describe(key.scalar)}: quote it"
            self.document.add_at(key.mark, "key-type", message, path=path)
            return key.source
        self.document.add_at(key.mark, "key-type", "keys are text", path=path)
        return None

    def _count(self, node: _Node, path: Path, mark: Mark, *, aliased: bool) -> None:
        self.nodes += 1
        self.anchor_nodes += aliased
        if len(path) > limits.DEPTH:
            fault = "limit-depth", f"mappings and lists are nested deeper than {limits.DEPTH} levels"
        elif self.anchor_nodes > limits.ANCHOR_NODES:
            fault = "limit-anchors", f"anchors expand to more than {limits.ANCHOR_NODES} values"
        elif self.nodes > limits.NODES:
            fault = "limit-nodes", f"the file has more than {limits.NODES} keys and values"
        else:
            return
        self.document.add_at(mark, *fault, path=path)
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
