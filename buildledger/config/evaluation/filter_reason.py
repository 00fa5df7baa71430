"""Why a trigger requests no build of a change: the first thing that keeps it, named. The order is the triggers'."""

from __future__ import annotations

from typing import Literal, NamedTuple

from buildledger.config.evaluation.evaluate import EvaluationError
from buildledger.config.evaluation.placement import request_context
from buildledger.config.evaluation.unmet_condition import unmet
from buildledger.config.expressions.cel import mentioned
from buildledger.config.globs import matches
from buildledger.config.resolved import Builder, ChangeTrigger
from buildledger.events.request import SourceStamp

Code = Literal["historic", "branch", "first_sight", "when"]
EVERY_BRANCH = ("**",)


class FilterReason(NamedTuple):
    """Why nothing is requested, as a code and in words."""

    code: Code
    text: str
    condition: str = ""
    """The part of the builder's `when` that doesn't hold."""


class Seen(NamedTuple):
    """How a change came to a branch."""

    stamp: SourceStamp
    files: tuple[str, ...]
    all_files: bool
    """Whether these are all that it touched."""
    initial: bool
    """The branch was there when its source was first read."""
    default_branch: str | None


def passes_first_sight(trigger: ChangeTrigger, branch: str, default_branch: str | None) -> bool:
    """At the first sight of a source, a trigger that names no branches builds the default branch only."""
    return trigger.branches != EVERY_BRANCH or branch == default_branch


def why_filtered(trigger: ChangeTrigger, builder: Builder, seen: Seen) -> FilterReason | None:
    """The first thing that keeps a change from being built; None if nothing does.

    A condition that can't be evaluated counts as true, as it does for triggers.
    """
    branch = seen.stamp.branch
    if not matches(trigger.branches, branch):
        return FilterReason("branch", f"{trigger.name} builds the branches {', '.join(trigger.branches)}, not {branch}")
    if seen.initial and not passes_first_sight(trigger, branch, seen.default_branch):
        return FilterReason("first_sight", "when a source is read for the first time only its default branch is built")
    if builder.when is None or (not seen.all_files and "change.files" in mentioned(builder.when.source)):
        return None
    context = request_context(builder, (seen.stamp,), {}, seen.files)
    try:
        failing = unmet(builder.when, context)
    except EvaluationError:
        return None
    return None if failing is None else FilterReason("when", f"its `when` does not hold: {failing}", failing.condition)
