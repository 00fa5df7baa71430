"""Builders of the result, with their steps."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from buildledger.config.convert.buildbot.account import Entry, Status
from buildledger.config.convert.buildbot.steps.step import Keys


@dataclass
class NewStep:
    """A step of the result, and what is said above it."""

    keys: Keys
    comments: list[str] = field(default_factory=list)


@dataclass
class NewBuilder:
    """A builder of the result."""

    name: str
    keys: dict[str, Any]
    """All but its steps and its inputs."""
    inputs: dict[str, dict[str, Any]]
    steps: list[NewStep]
    closing: list[str]
    """What is said below its last step: of steps that weren't converted."""
    comments: list[str]


def remark_missing(builder: Entry) -> None:
    """Say in a builder's entry how many of its steps are missing."""
    statuses = [part.status for part in builder.parts]
    lost, partial = statuses.count(Status.UNCONVERTED), statuses.count(Status.PARTIAL)
    if not lost and not partial:
        return
    missing = [f"{lost} missing"] if lost else []
    missing += [f"{partial} with parts missing"] if partial else []
    builder.miss("steps", f"of {len(statuses)}, {', '.join(missing)}", "see what is said of each of them, below")


def make_unique(steps: list[NewStep]) -> None:
    """As Buildbot does: a second `compile` is `compile_1`."""
    taken: set[str] = set()
    for step in steps:
        if (name := step.keys.get("name")) is not None:
            number, unique = 1, name
            while unique in taken:
                unique, number = f"{name}_{number}", number + 1
            taken.add(unique)
            step.keys["name"] = unique
