"""How numbers of things are said."""

from __future__ import annotations

import pytest

from buildledger.wording import enumerated, plural


@pytest.mark.parametrize(
    ("said", "right"),
    [
        (plural(0, "fact"), "0 facts"),
        (plural(1, "fact"), "1 fact"),
        (plural(2, "fact"), "2 facts"),
        (plural(1_204, "signed tree head"), "1,204 signed tree heads"),
        (plural(1, "entry", "entries"), "1 entry"),
        (plural(3, "entry", "entries"), "3 entries"),
    ],
)
def test_one_is_no_plural(said: str, right: str) -> None:
    """`1 facts` is said nowhere, and long numbers can be read."""
    assert said == right


def test_of_many_names_the_first_are_said() -> None:
    """And how many more there are."""
    assert enumerated(["w1"]) == "w1"
    assert enumerated(["w1", "w2"]) == "w1 and w2"
    assert enumerated([f"w{number}" for number in range(8)]) == "w0, w1, w2, w3, w4 and 3 more"
