"""The page that explains every code knows every code."""

from __future__ import annotations

import re
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

import pytest

from buildledger.api.http import problem_handlers, problems
from buildledger.domain import refusals
from buildledger.events.change import FailureCause
from buildledger.events.operation import EndReason, ProcessMechanism
from buildledger.events.worker import DisconnectReason
from buildledger.ledger.errors import CommandIdReusedRefusal

PAGE = (Path(__file__).parent.parent / "docs" / "errors.md").read_text()
EXPLAINED_CODE = re.compile(r"^\| `([a-z0-9_-]+)` \|", re.MULTILINE)
EXPLAINED = set(EXPLAINED_CODE.findall(PAGE))
ROOT = Path(__file__).parent.parent
MECHANISMS_IN = (
    ("buildledger/worker/processes/tree.py", r"def mechanism\(.*?\n\n"),
    ("workers/go/internal/processes/reaper_linux.go", r"\) Mechanism\(\).*?\n}"),
    ("workers/go/internal/processes/reaper_windows.go", r"\) Mechanism\(\).*?\n"),
    ("workers/node/src/runs/command.ts", r"mechanism: \S+"),
)
"""Where workers, which know nothing of the vocabulary, say what holds processes together, and how to find it there."""


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
    codes = {problem.code for problem in _subclasses(problems.Problem)} | set(problem_handlers.CODES.values())
    assert codes <= EXPLAINED


@pytest.mark.parametrize(
    ("section", "vocabulary"),
    [
        ("Why an operation on a worker ended", EndReason),
        ("What holds a command's processes together", ProcessMechanism),
        ("Why a source can't be read", FailureCause),
        ("Why a worker's session ended", DisconnectReason),
    ],
)
def test_the_page_has_exactly_the_words_that_facts_use(section: str, vocabulary: type[StrEnum]) -> None:
    """Each reason that a fact can give is explained in its section, and nothing else is."""
    text = PAGE.split(f"## {section}\n")[1].split("\n## ")[0]
    assert sorted(EXPLAINED_CODE.findall(text)) == sorted(vocabulary)


def test_the_server_says_no_other_reason() -> None:
    """Whatever reason the server's own code gives an operation is one of the vocabulary."""
    rooms = Path(problems.__file__).parents[2]
    said = {reason for file in rooms.rglob("*.py") for reason in re.findall(r'Ended\(reason="(\w+)"', file.read_text())}
    assert {"exited", "no_file"} <= said <= set(EndReason)


def test_workers_say_no_other_mechanism() -> None:
    """The workers of this repository say what the vocabulary has, no more and no less."""
    said = {ProcessMechanism.BUILDBOT_WORKER.value}
    for file, place in MECHANISMS_IN:
        (text,) = re.findall(place, (ROOT / file).read_text(), re.DOTALL)
        found = set(re.findall(r'"([a-z0-9_-]+)"', text))
        assert found, f"{file} says no mechanism"
        said |= found
    assert said == set(ProcessMechanism)
