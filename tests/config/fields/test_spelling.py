"""Durations and sizes as a file has them."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from buildledger.config import limits
from buildledger.config.fields import spelling
from buildledger.config.fields.field_types import DurationOrNever, Size
from buildledger.config.reading.yaml_reader import read


@given(milliseconds=st.one_of(st.none(), st.integers(1, limits.DURATION_SECONDS * 1_000)))
def test_a_duration_is_read_as_it_was_written(milliseconds: int | None) -> None:
    """Down to the millisecond."""
    seconds = None if milliseconds is None else milliseconds / 1_000
    read = TypeAdapter(DurationOrNever).validate_python(spelling.duration(seconds))
    assert read == (None if seconds is None else pytest.approx(seconds, abs=1e-6))


@given(size=st.one_of(st.integers(1, limits.UPLOAD_BYTES), st.integers(1, 999).map(lambda count: count * 10**6)))
def test_a_size_is_read_as_it_was_written(size: int) -> None:
    """Down to the byte."""
    assert TypeAdapter(Size).validate_python(spelling.size(size)) == size


def test_the_largest_units_are_used() -> None:
    """As people write them."""
    assert [spelling.duration(seconds) for seconds in (600, 5_400, 0.25, 0, None)] == [
        "10m",
        "1h30m",
        "250ms",
        "0s",
        "never",
    ]
    assert [spelling.size(size) for size in (1 << 30, 10**7, 4_096, 7)] == ["1GiB", "10MB", "4KiB", "7B"]


@given(content=st.text(max_size=12))
@example("yes")
@example("3.10")
@example("- x")
@example("a: b")
@example("a #b")
@example("it's")
@example("\u2028")
def test_a_text_is_read_as_it_is_spelled(content: str) -> None:
    """What a hint tells people to write is read as what is meant, in a list and as a value."""
    for text, wanted in (
        (f"k: {spelling.text(content)}", {"k": content}),
        (f"k: [{spelling.text(content, in_list=True)}, x]", {"k": [content, "x"]}),
    ):
        document = read(text, "ci.yaml")
        assert "\n" not in text
        if not document.problems:
            assert document.data == wanted, text
        else:
            assert re.search(r"[^\x20-\x7e]", content), (text, document.problems)
