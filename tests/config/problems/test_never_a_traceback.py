"""Any text gives a configuration or problems with places, never a traceback."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from buildledger.config.problems.codes import CODES
from buildledger.config.problems.problem import ConfigErrors
from buildledger.config.reading.yaml_reader import read
from buildledger.config.stored import read_configuration
from buildledger.testing.configuration import load_text
from tests.config.texts import EXAMPLES

SOURCES = [file.read_text() for file in sorted(EXAMPLES.glob("*.yaml"))]
DATA = [read(text, "ci.yaml").data for text in SOURCES]
SNIPPETS = [
    *("[", "]", "{", "}", ":", ": ", "- ", "\n", "\t", "  ", "#", "&a ", "*a", "!t ", "<<: ", "'", '"', "|", ">", "%"),
    *("3.10", "yes", "null", "~", "1e999", "-", "0x", "\x00", "\ud83d", "\ufeff", "é", "{expr: ", "{input: x}", "??"),
    *("worker.labels.os", "change.", "matrix", "true", "99999999999999999999", "---\n", "...\n", "\x85", "\u2028"),
]
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from(SNIPPETS),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=6), children, max_size=3),
    max_leaves=6,
)


def hold(text: str) -> None:
    """A text either loads, into something that can be stored, or has problems that all have a place."""
    try:
        configuration = load_text(text, secrets_required=False)
    except ConfigErrors as caught:
        found = caught.problems
    else:
        assert read_configuration(configuration.to_json()) == configuration
        return
    lines = text.count("\n") + sum(text.count(mark) for mark in "\r\x85\u2028\u2029") + 2
    assert any(problem.severity == "error" for problem in found)
    assert {problem.code for problem in found} <= CODES.keys()
    for problem in found:
        assert problem.code in ("limit-problems", "foreign-file") or (
            1 <= problem.line <= lines and problem.column >= 1
        )


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(SOURCES),
    st.lists(
        st.tuples(
            st.floats(0, 1),
            st.integers(0, 12),
            st.sampled_from(SNIPPETS) | st.text(max_size=4),
        ),
        min_size=1,
        max_size=4,
    ),
)
def test_mutated_text(source: str, mutations: list[tuple[float, int, str]]) -> None:
    """Valid files with characters taken out and others put in."""
    for place, removed, inserted in mutations:
        start = int(place * len(source))
        source = source[:start] + inserted + source[start + removed :]
    hold(source)


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(DATA), st.lists(st.tuples(st.lists(st.integers(0, 20), max_size=7), VALUES), min_size=1, max_size=3)
)
def test_mutated_data(data: Any, mutations: list[tuple[list[int], Any]]) -> None:
    """Valid files with whole values replaced, added or taken out, as JSON."""
    for way, value in mutations:
        data = _replaced(data, way, value)
    hold(json.dumps(data, default=str))


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=60) | st.lists(st.sampled_from(SNIPPETS), max_size=20).map("".join))
def test_any_text(text: str) -> None:
    """Text that has nothing to do with a configuration."""
    hold(text)


def _replaced(data: Any, way: list[int], value: Any) -> Any:
    """A copy with another value at the end of the way; the way's numbers choose among keys and indices."""
    if not way or not isinstance(data, dict | list) or not data:
        return value
    step, *rest = way
    if isinstance(data, list):
        index = step % len(data)
        return [*data[:index], _replaced(data[index], rest, value), *data[index + 1 :]]
    keys = list(data)
    key = keys[step % len(keys)]
    if step == 20 and not rest:
        return {name: content for name, content in data.items() if name != key}
    return {**data, key: _replaced(data[key], rest, value)}
