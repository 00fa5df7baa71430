"""When something is due, what belongs together, and what a lost build's end is."""

from __future__ import annotations

from datetime import timedelta

import pytest

from buildledger.domain.results import after_loss
from buildledger.domain.schedule import collapse_key, default_branch, lease_ends_at, settled_at
from buildledger.events.request import SourceStamp
from buildledger.events.results import Result
from tests.domain.samples import AT


def on(branch: str, revision: str | None = None) -> tuple[SourceStamp, ...]:
    return (SourceStamp(source="widget", repository="r", branch=branch, revision=revision),)


def test_a_policy_says_what_belongs_together() -> None:
    """The same branch whatever its revision, or only the same revision, or nothing."""
    assert collapse_key("same-branch", on("main", "a"), {}) == collapse_key("same-branch", on("main", "b"), {})
    assert collapse_key("same-branch", on("main"), {}) != collapse_key("same-branch", on("topic"), {})
    assert collapse_key("same-revision", on("main", "a"), {}) != collapse_key("same-revision", on("main", "b"), {})
    assert collapse_key("never", on("main"), {}) is None


def test_other_inputs_never_belong_together() -> None:
    """Whatever the policy, and in whatever order they are given."""
    one, other = {"x": 1, "y": "2"}, {"y": "2", "x": 1}
    assert collapse_key("same-branch", on("main"), one) == collapse_key("same-branch", on("main"), other)
    assert collapse_key("same-branch", on("main"), one) != collapse_key("same-branch", on("main"), {})


def test_settling_and_leases_count_from_their_facts() -> None:
    """A lease counts from the later of the disconnection and the server's start."""
    assert settled_at(AT, 90) == AT + timedelta(seconds=90)
    assert lease_ends_at(AT, AT - timedelta(hours=1), 90) == AT + timedelta(seconds=90)
    assert lease_ends_at(AT, AT + timedelta(hours=1), 90) == AT + timedelta(hours=1, seconds=90)


@pytest.mark.parametrize(
    ("configured", "own", "known", "expected"),
    [
        ("stable", "trunk", ["main"], "stable"),
        (None, "trunk", ["main", "trunk"], "trunk"),
        (None, None, ["topic", "master", "main"], "main"),
        (None, None, ["topic", "master"], "master"),
        (None, None, ["b", "a"], "a"),
        (None, None, [], ""),
    ],
)
def test_a_default_branch_is_found(configured: str | None, own: str | None, known: list[str], expected: str) -> None:
    """What is configured, else what the source says; a likely name, or any, only of one that says nothing."""
    assert default_branch(configured, own, known) == expected


@pytest.mark.parametrize(
    ("attempt", "retries", "stopped", "result"),
    [
        (1, 2, False, Result.RETRY),
        (2, 2, False, Result.RETRY),
        (3, 2, False, Result.EXCEPTION),
        (1, 0, False, Result.EXCEPTION),
        (1, 2, True, Result.CANCELLED),
    ],
)
def test_a_lost_build_is_tried_again_as_often_as_allowed(
    attempt: int, retries: int, stopped: bool, result: Result
) -> None:
    """And never if somebody asked for its end."""
    assert after_loss(attempt=attempt, retries=retries, stop_requested=stopped) is result
