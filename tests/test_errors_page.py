"""The page that explains every code knows every code."""

from __future__ import annotations

import re
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

import pytest

from buildledger.api.http import problems
from buildledger.domain import refusals
from buildledger.events.operation import EndReason
from buildledger.events.worker import DisconnectReason
from buildledger.ledger.errors import CommandIdReusedRefusal

PAGE = (Path(__file__).parent.parent / "docs" / "errors.md").read_text()
EXPLAINED = set(re.findall(r"^\| `([a-z_]+)` \|", PAGE, re.MULTILINE))


T = TypeVar("T")


def _subclasses(base: type[T]) -> set[type[T]]:
    """A class with everything that derives from it."""
    found = {base}
    for direct in base.__subclasses__():
        found |= _subclasses(direct)
    return found


def test_every_refusal_is_listed_and_explained() -> None:
    """A refusal that a rule can raise is in the list of refusals, and its code is on the page."""
    raised = _subclasses(refusals.Refusal) - {refusals.Refusal}
    assert raised - {CommandIdReusedRefusal} == set(refusals.REFUSALS)
    assert {refusal.code for refusal in raised} <= EXPLAINED


def test_every_problem_is_explained() -> None:
    """A problem that the API can answer has its code on the page."""
    codes = {problem.code for problem in _subclasses(problems.Problem)} | set(problems.CODES.values())
    assert codes <= EXPLAINED


@pytest.mark.parametrize(
    ("section", "vocabulary"),
    [("Why an operation on a worker ended", EndReason), ("Why a worker's session ended", DisconnectReason)],
)
def test_the_page_has_exactly_the_words_that_facts_use(section: str, vocabulary: type[StrEnum]) -> None:
    """Each reason that a fact can give is explained in its section, and nothing else is."""
    text = PAGE.split(f"## {section}\n")[1].split("\n## ")[0]
    assert sorted(re.findall(r"^\| `([a-z_]+)` \|", text, re.MULTILINE)) == sorted(vocabulary)


def test_the_server_says_no_other_reason() -> None:
    """Whatever reason the server's own code gives an operation is one of the vocabulary."""
    rooms = Path(problems.__file__).parents[2]
    said = {reason for file in rooms.rglob("*.py") for reason in re.findall(r'Ended\(reason="(\w+)"', file.read_text())}
    assert {"exited", "lost", "no_file"} <= said <= set(EndReason)
