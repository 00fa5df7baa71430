"""Why a trigger requests no build of a change: the first thing that keeps it, named. The order is the triggers'."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

import msgspec

from buildledger.config import evaluate
from buildledger.config.conjunction import conjuncts
from buildledger.config.evaluate import Context, EvaluationError
from buildledger.config.expressions import mentioned
from buildledger.config.globs import matches
from buildledger.config.placement import request_context
from buildledger.config.resolved import Builder, ChangeTrigger
from buildledger.events.request import SourceStamp

Code = Literal["historic", "branch", "first_sight", "when"]
EVERY_BRANCH = ("**",)
PATHS_NAMED_MAX = 5
"""Paths of a change that a text names; of more it gives the number."""


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
    """The first thing that keeps a change from being built; None if nothing does."""
    branch = seen.stamp.branch
    if not matches(trigger.branches, branch):
        return FilterReason("branch", f"{trigger.name} builds the branches {', '.join(trigger.branches)}, not {branch}")
    if seen.initial and not passes_first_sight(trigger, branch, seen.default_branch):
        return FilterReason("first_sight", "when a source is read for the first time only its default branch is built")
    if builder.when is None or (not seen.all_files and "change.files" in mentioned(builder.when.source)):
        return None
    context = request_context(builder, (seen.stamp,), {}, seen.files)
    if _holds(builder, builder.when.source, context):
        return None
    failing = [part for part in conjuncts(builder.when.source) if not _holds(builder, part, context)]
    condition = " && ".join(failing) or builder.when.source
    return FilterReason("when", f"its `when` does not hold: {condition}{_values(condition, context)}", condition)


def _holds(builder: Builder, part: str, context: Context) -> bool:
    """Whether a part holds; one that can't be evaluated counts as true, as it does for triggers."""
    assert builder.when is not None
    try:
        return evaluate.condition(msgspec.structs.replace(builder.when, source=part), context)
    except EvaluationError:
        return True


def _values(condition: str, context: Context) -> str:
    """What the variables in a condition stood for."""
    known = {
        "change.source": context.change.source,
        "change.branch": context.change.branch,
        "change.revision": context.change.revision,
        "change.files": _listed(context.change.files),
        **{f"matrix.{name}": str(value) for name, value in context.matrix.items()},
        **{f"inputs.{name}": str(value) for name, value in context.inputs.items()},
    }
    used = [f"{name} is {known[name]}" for name in sorted(mentioned(condition)) if name in known]
    return f" ({'; '.join(used)})" if used else ""


def _listed(paths: Sequence[str]) -> str:
    if not paths:
        return "empty"
    more = f" and {len(paths) - PATHS_NAMED_MAX} more" if len(paths) > PATHS_NAMED_MAX else ""
    return ", ".join(paths[:PATHS_NAMED_MAX]) + more
