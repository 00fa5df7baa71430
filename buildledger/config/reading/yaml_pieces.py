"""A large file is cut into pieces that can be read one by one, so that a piece that hasn't changed isn't read again.

A piece is one entry of a section (a builder with all its lines), or a whole top-level key if it has no such entries.
Cutting looks at nothing but how far lines are indented, which can mislead: the line may stand in the middle of quoted
text. So a piece counts only if it reads as a mapping in block style whose keys stand where the cut is, and has nothing
to do with other text: no anchors, no marks of a document. The text before and after such a piece leaves the parser in
the middle of the same mapping, where it knows of nothing but how far that is indented, so the pieces of a file, put
together, say what the file says. If only one of them is anything else, the file is read as a whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

from buildledger.config import limits
from buildledger.config.reading.document import Document
from buildledger.config.reading.places import Origin, Places
from buildledger.config.reading.yaml_events import NotQuick, NotYaml, quick_events
from buildledger.config.reading.yaml_tree import Tree, Unreadable


class Piece(NamedTuple):
    """Some lines of a file, before they are read."""

    text: str
    line: int
    """How many lines stand before it."""
    column: int
    """How far its keys are indented."""
    within: str | None = None
    """The section whose entry it is; None: it stands at the top."""


@dataclass(frozen=True, slots=True)
class Read:
    """What a piece says."""

    data: dict[str, Any]
    places: Places
    count: int
    """How many values are in it."""


_KEY = r"(?=[A-Za-z0-9_\"'])"
_BEFORE = re.compile(r"(?:[ ]*(?:#[^\n]*)?\r?\n)*(?:---[ ]*\r?\n(?:[ ]*(?:#[^\n]*)?\r?\n)*)?" + _KEY)
"""What may stand before the first key: comments, and the mark of a document's begin."""
_SECTION = re.compile(r"[A-Za-z0-9_]+:[ ]*(?:#[^\n]*)?\r?\n(?:[ ]*(?:#[^\n]*)?\r?\n)*(?=([ ]+)" + _KEY + ")")
"""A key with nothing behind it, up to its first entry."""


@cache
def _line(column: int) -> re.Pattern[str]:
    """What stands before a key that begins a line; as it begins with a line break, it is found ten times as fast."""
    return re.compile("\n" + " " * column + _KEY)


def _starts(text: str, column: int, first: int, end: int) -> list[int]:
    """Where the lines begin, from `first` on, whose keys stand at a column."""
    return [first, *(found.start() + 1 for found in _line(column).finditer(text, first, end))]


def cut(text: str) -> list[Piece] | None:
    """The pieces of a file in their order; None for a file that can't be cut."""
    before = _BEFORE.match(text)
    if before is None or re.search(r"\r(?!\n)", text):
        return None
    first = before.end()
    pieces: list[Piece] = []
    line = text.count("\n", 0, first)
    for start, end in _spans(_starts(text, 0, first, len(text)), len(text)):
        section = _SECTION.match(text, start, end)
        if section is None:
            pieces.append(Piece(text[start:end], line, 0))
            line += text.count("\n", start, end)
            continue
        name, column = text[start : text.index(":", start)], len(section[1])
        head = section.end()
        pieces.append(Piece(text[start:head], line, 0))
        line += text.count("\n", start, head)
        for begin, finish in _spans(_starts(text, column, head, end), end):
            pieces.append(Piece(text[begin:finish], line, column, within=name))
            line += text.count("\n", begin, finish)
    return pieces


def _spans(starts: list[int], end: int) -> Iterator[tuple[int, int]]:
    return zip(starts, [*starts[1:], end], strict=True)


def read_pieces(text: str, document: Document, known: Mapping[str, Read]) -> dict[str, Read] | None:
    """Read a file piece by piece into a document; pieces in `known` are taken from there.

    What the pieces say, for the next time, by their text; None, and an untouched document, if the file has to be read
    as a whole.
    """
    pieces = cut(text)
    if pieces is None:
        return None
    found: dict[str, Read] = {}
    join = _Join(document.file)
    for piece in pieces:
        read = known.get(piece.text) or _read(piece)
        if read is None or not join.add(piece, read):
            return None
        found[piece.text] = read
    document.data, document.places = join.data, join.places
    document.start = document.mark((next(iter(join.data)),), at_key=True)
    return found


def _read(piece: Piece) -> Read | None:
    """What a piece says; None if it can't be read by itself."""
    document = Document(file="")
    tree = Tree(document, depth=0 if piece.within is None else 1)
    try:
        tree.read(quick_events(piece.text))
    except (NotQuick, NotYaml, Unreadable):
        return None
    if document.problems or not tree.alone or tree.block_column != piece.column:
        return None
    assert isinstance(document.data, dict)
    return Read(document.data, document.places, tree.count)


class _Join:
    """What the pieces say together."""

    def __init__(self, file: str) -> None:
        self.data: dict[str, Any] = {}
        self.places = Places(origins=[])
        self._file = file
        self._count = 0

    def add(self, piece: Piece, read: Read) -> bool:
        """False if the piece doesn't fit: a key stands twice, or there is too much of everything."""
        self._count += read.count
        if self._count > limits.NODES:
            return False
        data, places = self.data, self.places
        if piece.within is not None:
            data, places = self._section(piece, read)
        origin = Origin(self._file, piece.line)
        for index, (key, value) in enumerate(read.data.items()):
            if key in data:
                return False
            data[key] = value
            if (inner := read.places.inner.get(index)) is not None:
                places.inner[len(places.values)] = inner
            places.keys.append(read.places.keys[index])
            places.values.append(read.places.values[index])
            assert places.origins is not None
            places.origins.append(origin)
        return True

    def _section(self, piece: Piece, read: Read) -> tuple[dict[str, Any], Places]:
        """The section of a piece, whose key was read last, or to which the last piece belongs too."""
        name, number = str(piece.within), len(self.places.values) - 1
        if self.data[name] is None:
            self.data[name] = {}
            self.places.inner[number] = Places(origins=[])
            assert self.places.origins is not None
            line = piece.line + read.places.keys[0].line - self.places.origins[number].lines
            self.places.values[number] = _First(line, piece.column)
        return self.data[name], self.places.inner[number]


class _First(NamedTuple):
    """Where a section begins: with its first entry. Counted from the piece that holds its key."""

    line: int
    column: int
