"""A parser's events → plain data, and where everything in it stands.

Reading events, and not what a constructor makes of them, lets this format decide what it takes: the core schema of
YAML 1.2, which JSON is part of; no tags, no directives, one document. An alias stands for the very data that its anchor
has: nothing is copied, and what it would come to if it were is counted.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import yaml
from ruamel.yaml import events as ruamel

from buildledger.config import limits
from buildledger.config.problems.problem import Path
from buildledger.config.reading import scalars
from buildledger.config.reading.document import Document
from buildledger.config.reading.places import Mark, ParserMark, Places


class Unreadable(Exception):  # noqa: N818 - stops the reading; the problem is in the document already
    """The text is no document; nothing more can be said about it."""


class _Node(NamedTuple):
    """A mapping, a list or a scalar that has been read."""

    value: Any
    mark: ParserMark
    places: Places | None = None
    """Of a mapping or a list."""
    plain: str | None = None
    """Of a scalar without quotes: as it is written."""
    size: int = 1
    """How many values it comes to, with all that is in it."""
    height: int = 0
    """How many levels are below it."""


class _Open:
    """A mapping or a list whose end hasn't been read yet."""

    __slots__ = ("anchor", "before", "data", "height", "key", "mark", "places")

    def __init__(self, data: dict[str, Any] | list[Any], mark: ParserMark, anchor: str | None, before: int) -> None:
        self.data = data
        self.places = Places()
        self.mark = mark
        self.anchor = anchor
        self.before = before
        """How many values were read before it."""
        self.height = 1
        self.key: _Node | None = None
        """Of a mapping: the key whose value comes next."""


class Tree:
    """Reads one document, the data of which is put into `document`."""

    def __init__(self, document: Document, *, depth: int = 0, nodes_max: int = limits.NODES) -> None:
        """`depth`: how many mappings are around the text, if it is a piece of a file."""
        self.document = document
        self._nodes_max = nodes_max
        self.count = 0
        """Values read, with those that aliases stand for."""
        self.alone = True
        """Nothing in it has to do with text before or after it: no anchors, no marks of a document."""
        self.block_column: int | None = None
        """Where the keys of the whole stand; None if it isn't a mapping in block style."""
        self._alias_count = 0
        self._depth = depth
        self._anchors: dict[str, _Node | None] = {}
        """None: its end hasn't been read."""
        self._stack: list[_Open] = []
        self._documents = 0
        self._handlers: dict[type, Callable[[Any], None]] = {}
        for events in (yaml, ruamel):
            self._handlers |= {
                events.DocumentStartEvent: self._document,
                events.DocumentEndEvent: self._document_end,
                events.ScalarEvent: self._scalar,
                events.AliasEvent: self._alias,
                events.MappingStartEvent: self._open_mapping,
                events.SequenceStartEvent: self._open_list,
                events.MappingEndEvent: self._close,
                events.SequenceEndEvent: self._close,
            }

    def read(self, events: Iterable[Any]) -> None:
        """Put what the events say into the document, whose data stays None for an empty text.

        Raises:
            Unreadable
        """
        handlers = self._handlers
        for event in events:
            if (handler := handlers.get(type(event))) is not None:
                handler(event)

    def _document(self, event: Any) -> None:
        if event.version not in (None, (1, 2)) or event.tags:
            self._stop(event.start_mark, "yaml-directive", "%YAML and %TAG aren't part of the format", "remove it")
        if self._documents:
            self._stop(event.start_mark, "yaml-documents", "a configuration is one YAML document", "remove '---'")
        self._documents += 1
        self.alone &= not event.explicit and event.version is None

    def _document_end(self, event: Any) -> None:
        self.alone &= not event.explicit

    def _open_mapping(self, event: Any) -> None:
        if not self._stack and not event.flow_style:
            self.block_column = event.start_mark.column
        self._open({}, event)

    def _open_list(self, event: Any) -> None:
        self._open([], event)

    def _open(self, data: dict[str, Any] | list[Any], event: Any) -> None:
        mark = event.start_mark
        self._refuse_tag(event)
        if self._depth + len(self._stack) >= limits.DEPTH:
            self._stop(mark, "limit-depth", _TOO_DEEP)
        if event.anchor is not None:
            self.alone = False
            self._anchors[event.anchor] = None
        self._stack.append(_Open(data, mark, event.anchor, self.count))

    def _close(self, _event: Any) -> None:
        done = self._stack.pop()
        size = self.count - done.before + 1
        node = _Node(done.data, done.mark, done.places, size=size, height=done.height)
        if done.anchor is not None:
            self._anchors[done.anchor] = node
        self._place(node, done.mark)

    def _scalar(self, event: Any) -> None:
        if event.tag is not None:
            self._refuse_tag(event)
        source = event.value
        plain = not event.style
        try:
            value = scalars.resolve(source) if plain else scalars.text(source)
        except scalars.ScalarError as error:
            self.document.add_at(_mark(event.start_mark), error.code, error.message, error.hint)
            value = ""
        node = _Node(value, event.start_mark, plain=source if plain else None)
        if event.anchor is not None:
            self.alone = False
            self._anchors[event.anchor] = node
        self._place(node, event.start_mark)

    def _alias(self, event: Any) -> None:
        mark = event.start_mark
        self.alone = False
        if event.anchor not in self._anchors:
            message = f"'*' begins an alias, and there is no anchor '&{event.anchor}' above this line"
            self._stop(mark, "yaml-anchor", message, f"if it is text, quote it: '*{event.anchor}'")
        node = self._anchors[event.anchor]
        if node is None:
            self._stop(mark, "yaml-anchor", f"the anchor '&{event.anchor}' would contain itself")
            return
        self._alias_count += node.size
        if self._alias_count > limits.ANCHOR_NODES:
            self._stop(mark, "limit-anchors", f"anchors expand to more than {limits.ANCHOR_NODES} values")
        if self._depth + len(self._stack) + node.height > limits.DEPTH:
            self._stop(mark, "limit-depth", _TOO_DEEP)
        self.count += node.size - 1
        self._place(node, mark)

    def _place(self, node: _Node, mark: ParserMark) -> None:
        """Put what has been read where it belongs; `mark` is the alias's if it is reached through one."""
        self.count += 1
        if self.count > self._nodes_max:
            self._stop(mark, "limit-nodes", f"the file has more than {self._nodes_max:,} values")
        if not self._stack:
            self.document.data = node.value
            self.document.places = node.places or Places()
            self.document.start = _mark(mark)
            return
        owner = self._stack[-1]
        places = owner.places
        if isinstance(owner.data, list):
            owner.data.append(node.value)
        elif owner.key is None:
            owner.key = node
            self.count -= 1
            return
        else:
            key, owner.key = owner.key, None
            if (name := self._key(owner, key)) is None:
                return
            owner.data[name] = node.value
            places.keys.append(key.mark)
        if node.places is not None:
            places.inner[len(places.values)] = node.places
            owner.height = max(owner.height, node.height + 1)
        places.values.append(mark)

    def _key(self, owner: _Open, key: _Node) -> str | None:
        """The name that a key gives; None, and a problem, if it can't be taken."""
        assert isinstance(owner.data, dict)
        name = key.value
        if type(name) is not str or key.plain == "<<":
            name = self._odd_key(key)
        if name is None or name not in owner.data:
            return None if name is None else sys.intern(name)
        first = owner.places.keys[owner.places.number(owner.data, name)]
        message, hint = f"the key '{name}' stands here twice", f"the first is on line {first.line + 1}"
        self.document.add_at(_mark(key.mark), "duplicate-key", message, hint, path=(*self._path(), name))
        return None

    def _odd_key(self, key: _Node) -> str | None:
        mark, path = _mark(key.mark), self._path()
        if key.plain == "<<":
            hint = "repeat the keys, or use a template"
            self.document.add_at(mark, "merge-key", "'<<' isn't part of the format", hint, path=path)
        elif key.places is not None or key.value is None:
            hint = (
                "quote {{ … }} if it is text, or write a value node such as {input: name}"
                if isinstance(key.value, dict)
                else ""
            )
            self.document.add_at(mark, "key-type", "keys are text", hint, path=path)
        else:
            message = f"{key.plain} as a key was read as {scalars.describe(key.value)}: quote it"
            self.document.add_at(mark, "key-type", message, path=path)
            return key.plain
        return None

    def _path(self) -> Path:
        """Where the mapping or list stands that is being read."""
        return tuple(
            owner.key.value if owner.key is not None and isinstance(owner.data, dict) else len(owner.data)
            for owner in self._stack[:-1]
        )

    def _refuse_tag(self, event: Any) -> None:
        if event.tag is not None:
            text = event.tag.rstrip("]},")
            message = f"tags such as {text} aren't part of the format"
            hint = "write {secret: NAME}" if text == "!secret" else f"if it is text, quote it: '{text}'"
            self.document.add_at(_mark(event.start_mark), "yaml-tag", message, hint)

    def _stop(self, mark: ParserMark, code: str, message: str, hint: str = "") -> None:
        self.document.add_at(_mark(mark), code, message, hint)
        raise Unreadable


_TOO_DEEP = f"mappings and lists are nested deeper than {limits.DEPTH} levels"


def _mark(mark: ParserMark) -> Mark:
    return Mark(mark.line + 1, mark.column + 1)
