"""What comes next in a build after a step's result: pure rules, for whoever runs the steps."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from buildledger.config.steps.step import StepBase
from buildledger.events.results import Result

WORST_FIRST = (
    Result.CANCELLED,
    Result.RETRY,
    Result.EXCEPTION,
    Result.FAILURE,
    Result.WARNINGS,
    Result.SUCCESS,
    Result.SKIPPED,
)


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """How a build stands between two steps."""

    result: Result = Result.SUCCESS
    """The build's result if nothing else ran."""
    halted: bool = False
    """Of the steps to come only those run that are `always_run`."""
    lost: bool = False
    """The worker is gone: no step to come can run."""


def worst(one: Result, other: Result) -> Result:
    """The one of two results that decides."""
    return min(one, other, key=WORST_FIRST.index)


def after(progress: Progress, step: StepBase, result: Result) -> Progress:
    """The build after `step` ended with `result`.

    `on_failure` speaks of failures only: an exception, a lost worker or a request to stop always ends the build.
    """
    match result:
        case Result.FAILURE:
            counted = {"warn": Result.WARNINGS, "ignore": Result.SUCCESS}.get(step.on_failure, Result.FAILURE)
            halts = step.on_failure == "halt"
        case Result.SUCCESS | Result.WARNINGS | Result.SKIPPED:
            counted, halts = result, False
        case _:
            counted, halts = result, True
    return Progress(
        result=worst(progress.result, counted),
        halted=progress.halted or halts,
        lost=progress.lost or result is Result.RETRY,
    )


def stopped(progress: Progress) -> Progress:
    """The build after somebody asked for its end, between two steps."""
    return Progress(result=worst(progress.result, Result.CANCELLED), halted=True, lost=progress.lost)


def may_run(progress: Progress, step: StepBase) -> bool:
    """Whether the step's turn comes at all; its `when` is asked after this."""
    return not progress.lost and (step.always_run or not progress.halted)


def is_over(progress: Progress, steps_to_come: Sequence[StepBase]) -> bool:
    """Whether the build can be finished: none of the steps to come may run."""
    return not any(may_run(progress, step) for step in steps_to_come)
