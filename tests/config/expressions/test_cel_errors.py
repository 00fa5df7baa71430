"""What is said of wrong expressions: words of ours, never the engine's."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from buildledger.config.expressions.cel import ENGINE, ExpressionError, UnknownNameError, ValueType
from buildledger.config.expressions.cel_errors import translate
from buildledger.config.values import Plain

VARIABLES = {
    "change.branch": ValueType.STRING,
    "change.files": ValueType.STRINGS,
    "inputs.fast": ValueType.BOOLEAN,
    "worker.labels": ValueType.LABELS,
    "worker.capacity": ValueType.INTEGER,
    "properties.p": ValueType.ANY,
}
TOKENS = [
    *(
        "change.branch",
        "change.files",
        "inputs.fast",
        "worker.labels",
        "worker.labels.os",
        "worker.capacity",
        "properties.p",
    ),
    *(
        "properties.p",
        "'x'",
        '"x"',
        "'",
        "1",
        "2.5",
        "true",
        "null",
        "x",
        "[",
        "]",
        "(",
        ")",
        "{",
        "}",
        ",",
        ".",
        "?",
        ":",
        "!",
        "-",
    ),
    *("==", "!=", "<", "&&", "||", "+", "in", "=", "&", "|", "and", "not", "if", "is", "$X", "`", "#", ";", "\\d"),
    *(".startsWith(", ".contains(", ".exists(f, ", ".matches(", ".size()", "size(", "has(", ".lower()", "len(", "foo("),
]
ENGINES_WORDS = re.compile(
    r"Syntax error|overload|<EOF>|expecting|undeclared|select operation|input>|IDENTIFIER|list\("
)


def said(source: str) -> str:
    """What is said of a wrong expression; empty for one that isn't."""
    try:
        ENGINE.check(source, VARIABLES)
    except UnknownNameError:
        return "unknown name"
    except ExpressionError as error:
        return f"{error.message} ({error.hint})"
    return ""


@settings(max_examples=400, deadline=None)
@given(st.lists(st.sampled_from(TOKENS), min_size=1, max_size=6).map(" ".join))
def test_no_word_of_the_engine_comes_through(source: str) -> None:
    """Whatever somebody writes."""
    assert not ENGINES_WORDS.search(said(source)), source


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("worker.labels.gpu == 'x'", "there is no 'gpu' (has(…) asks whether a label is there)"),
        (
            "change.files[5] == 'a'",
            "element 5 is asked of a list that has 2 (the first is [0]; size(…) tells how many there are)",
        ),
        ("change.files['a'] == 'a'", "elements of a list are numbered (write 'x' in LIST to ask whether it is there)"),
        ("1 / 0 == 1", "something is divided by 0"),
        ("int(change.branch) == 1", "this text is no number"),
        ("9223372036854775807 + worker.capacity > 1", "a number has become too large"),
        (
            "change.branch.matches(properties.pattern)",
            "this is no pattern: a ')' is missing, at '('",
        ),
        ("properties.p > 3", "'>' can't be used with text and a whole number"),
        ("properties.p + 1 == 2", "'+' can't be used with text and a whole number"),
        ("!properties.p", "a condition is wanted where something else than true or false stands"),
        ("properties.p && true", "a condition is wanted where something else than true or false stands"),
        ("properties.p ? true : false", "a condition is wanted where something else than true or false stands"),
        ("'x' in properties.p", "'in' asks whether something is in a list, but on its right is none"),
        ("size(worker.capacity) == 1", "'size' can't be used with a whole number"),
        ("worker.capacity.startsWith('x')", "'startsWith' can't be used with a whole number and text"),
        ("properties.p.x == 1", "something is asked for a field, and has none"),
        ("null", "this gives nothing (null), which can't be used here"),
        ("1.5", "this gives a fraction, which can't be used here"),
    ],
)
def test_what_cannot_be_evaluated(source: str, found: str) -> None:
    """With the values of a build, where types aren't known before."""
    values: Mapping[str, Plain | Mapping[str, str]] = {
        "change.branch": "main",
        "change.files": ("a", "b"),
        "worker.labels": {"os": "linux"},
        "worker.capacity": 2,
        "properties.p": "x",
        "properties.pattern": "(",
    }
    with pytest.raises(ExpressionError) as caught:
        ENGINE.evaluate(source, values)
    hint = f" ({caught.value.hint})" if caught.value.hint else ""
    assert (caught.value.message + hint).startswith(found)


def test_what_nobody_has_words_for_is_framed() -> None:
    """An engine of another version may find something new: it is said whose words these are."""
    expected = "this isn't understood; the expression engine says: the moon is full"
    assert translate.compiling("ERROR: <input>:1:3: the moon is full\n | x", "x y").said.message == expected
    assert translate.evaluating("UNKNOWN: the moon is full [UNKNOWN]").message == expected
