"""Typed inputs."""

from __future__ import annotations

from typing import Any

import pytest

from buildledger.config import inputs
from buildledger.config.inputs import InputErrors, InputSpec

SPECS = {
    "version": InputSpec(type="string", pattern=r"^\d+\.\d+$"),
    "count": InputSpec(type="integer", default=1, enum=(1, 2)),
    "dry": InputSpec(type="boolean", default=False),
    "args": InputSpec(type="list", default=("-q",), enum=("-q", "-x")),
}


def test_defaults_fill_what_is_not_given() -> None:
    """What isn't given is the default; a list may come as a list."""
    assert inputs.bind(SPECS, {"version": "1.0", "args": ["-x"]}) == {
        "version": "1.0",
        "count": 1,
        "dry": False,
        "args": ("-x",),
    }


@pytest.mark.parametrize(
    ("given", "faults"),
    [
        ({}, {"version": "this has to be given"}),
        ({"version": "1.0; id"}, {"version": r"'1.0; id' does not match the pattern ^\d+\.\d+$"}),
        ({"version": 1}, {"version": r"'1' does not match the pattern ^\d+\.\d+$"}),
        ({"version": True}, {"version": "true was read as the boolean true: quote it"}),
        ({"version": 1.5}, {"version": "1.5 was read as the number 1.5: quote it"}),
        ({"version": ["1.0"]}, {"version": "expected text, found a list"}),
        ({"version": "1.0", "count": True}, {"count": "expected a whole number, found true"}),
        (
            {"version": "1.0", "count": "2"},
            {"count": "expected a whole number, found the text '2': write it without quotes"},
        ),
        ({"version": "1.0", "count": "two"}, {"count": "expected a whole number, found the text 'two'"}),
        ({"version": "1.0", "count": 1 << 63}, {"count": "a number of more than 64 bits"}),
        ({"version": "1.0", "count": 1.5}, {"count": "expected a whole number, found 1.5"}),
        ({"version": "1.0", "count": 3}, {"count": "3 is not one of 1, 2"}),
        (
            {"version": "1.0", "dry": "yes"},
            {"dry": "expected true or false, found the text 'yes': write true, without quotes"},
        ),
        ({"version": "1.0", "dry": 1}, {"dry": "expected true or false, found 1"}),
        ({"version": "1.0", "args": ["-q", 1]}, {"args": "'1' is not one of -q, -x"}),
        (
            {"version": "1.0", "args": ["-q", True]},
            {"args": "expected a list of texts: true was read as the boolean true: quote it"},
        ),
        ({"version": "1.0", "args": {}}, {"args": "expected a list of texts, found a mapping"}),
        ({"version": "1.0", "verson": "2"}, {"verson": "there is no such input, did you mean 'version'?"}),
        ({"version": "1.0\0"}, {"version": "a NUL character can't be passed to a program"}),
        ({"version": "\ud800"}, {"version": "half a character (a lone surrogate)"}),
        ({"version": "1" * 20_000}, {"version": "more than 16384 characters"}),
    ],
)
def test_faults(given: dict[str, Any], faults: dict[str, str]) -> None:
    """Every value that can't be taken is reported with its reason."""
    with pytest.raises(InputErrors) as caught:
        inputs.bind(SPECS, given)
    assert caught.value.faults == faults


def test_patterns_take_linear_time() -> None:
    """A pattern that would take Python's engine for ever is decided at once."""
    assert not inputs.matches("^(a+)+$", "a" * 5_000 + "b")
    assert inputs.pattern_fault("(") is not None
    assert inputs.pattern_fault("(?=x)") is not None
