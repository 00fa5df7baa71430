"""The page that explains every code knows every code."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TypeVar

from buildledger.api.http import problems
from buildledger.domain import refusals
from buildledger.events.operation import INFRASTRUCTURE_REASONS
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


def test_every_reason_to_try_again_is_explained() -> None:
    """A reason for which a build is tried again is on the page."""
    assert INFRASTRUCTURE_REASONS <= EXPLAINED
