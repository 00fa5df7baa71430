"""Two parsers, and a file read in pieces or as a whole: whichever way is taken, it says the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from buildledger.config.problems.problem import Path
from buildledger.config.reading.document import Document
from buildledger.config.reading.yaml_events import NotQuick, NotYaml, careful_events, quick_events
from buildledger.config.reading.yaml_pieces import cut, read_pieces
from buildledger.config.reading.yaml_reader import Reader, read, read_whole
from buildledger.config.reading.yaml_tree import Tree, Unreadable
from tests.config.texts import EXAMPLES

SOURCES = [file.read_text() for file in sorted(EXAMPLES.glob("*.yaml"))]
ODD = """\
# a comment

server:
    title: "two
      lines"   # folded
builders:

  # of this builder
  a:
    steps:
    - run: [x,
        y: z,
        'it''s']
    - script: |+
        one
         two

  'b c': {steps: [{run: ["\\u00e9", é]}]}
  d:
  e: >-
    text: that is folded
    # and this too
list:
- 1.50
- - 0x10
"""
SNIPPETS = [
    *("[", "]", "{", "}", ":", ": ", "- ", "\n", "\t", "  ", "#", " #", "&a ", "*a", "!t ", "'", '"', "|", ">", "? "),
    *("\n\n", "\n  ", "\nb: ", "\n  b: ", "|+\n", "|1\n", ",", "---\n", "...\n", "\r", "\r\n", "é", "\\", "null", "1"),
]
TEXTS = st.tuples(
    st.sampled_from([*SOURCES, ODD, ODD, ODD]),
    st.lists(st.tuples(st.floats(0, 1), st.integers(0, 9), st.sampled_from(SNIPPETS)), max_size=3),
).map(lambda drawn: mutated(*drawn))


def mutated(source: str, mutations: list[tuple[float, int, str]]) -> str:
    """A text with characters taken out and others put in."""
    for place, removed, inserted in mutations:
        start = int(place * len(source))
        source = source[:start] + inserted + source[start + removed :]
    return source


def everything(value: Any, path: Path = ()) -> Iterator[tuple[Path, type, str]]:
    """Every value with its type, and what stands in the file for it."""
    yield path, type(value), "" if isinstance(value, dict | list) else repr(getattr(value, "source", value))
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in inner:
        yield from everything(each, (*path, key))


def told(document: Document, *, absent: bool = True) -> list[Any]:
    """All that a document says: what, where, also where something `absent` would be, and what is wrong with it."""
    values = list(everything(document.data))
    placed = [path for path, kind, _ in values if absent or kind is not type(None)]
    marks = [(document.mark(path), document.mark(path, at_key=True)) for path in placed]
    return [values, marks, sorted(map(str, document.problems))]


@settings(max_examples=120, deadline=None)
@given(TEXTS)
@example(ODD)
@example("a: 1\n---\nb: 2\n")
@example("a: 1\n...\nb: 2\n")
@example("a:\n  b: 1\na:\n  c: 2\n")
@example('a:\n  b: "x\n  c: y"\n')
@example("a:\n  b: &x 1\n  c: *x\n")
def test_pieces_say_what_the_whole_says(text: str) -> None:
    """A file that is read in pieces has the same values at the same places as one that is read in one go."""
    document = Document(file="ci.yaml", texts={"ci.yaml": text})
    if read_pieces(text, document, {}) is not None:
        assert told(document) == told(read_whole(text, "ci.yaml"))


@settings(max_examples=120, deadline=None)
@given(TEXTS)
@example('{"a":1,"b":[null,"\\/"]}')
def test_both_parsers_say_the_same(text: str) -> None:
    """What both parsers take says the same, and libyaml leads to no refusal that the other wouldn't.

    libyaml is more lenient with tabs between words and with blank lines that begin a block of text. A value that isn't
    there has a place that each chooses for itself.
    """
    try:
        quick = tree_of(quick_events, text)
    except NotQuick:
        return
    careful = tree_of(careful_events, text)
    if quick.problems:
        assert careful.problems
    elif not careful.problems:
        assert told(quick, absent=False) == told(careful, absent=False)


def tree_of(events: Callable[[str], Iterator[Any]], text: str) -> Document:
    """A document by one of the parsers."""
    document = Document(file="ci.yaml")
    try:
        Tree(document).read(events(text))
    except NotYaml as error:
        document.add_at(error.mark, error.code, error.message, error.hint)
        document.data = None
    except Unreadable:
        document.data = None
    return document


@pytest.mark.parametrize("source", [*SOURCES, ODD])
def test_ordinary_files_are_cut(source: str) -> None:
    """Each builder of an ordinary file is a piece of its own."""
    pieces = cut(source)
    assert pieces is not None
    builders = [piece for piece in pieces if piece.within == "builders"]
    assert len(builders) == len(read(source, "ci.yaml").data["builders"])


def test_what_stands_unchanged_is_not_read_again() -> None:
    """After a change of one builder the others are the very objects that they were; places follow the lines."""
    reader = Reader()
    (before,) = reader.read({"ci.yaml": SOURCES[0]})
    text = SOURCES[0].replace("version: 1", "# one line more\nversion: 1", 1)
    (after,) = reader.read({"ci.yaml": text})
    assert told(after) == told(read_whole(text, "ci.yaml"))
    assert all(after.data["builders"][name] is entry for name, entry in before.data["builders"].items())
