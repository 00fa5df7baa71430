"""What comes next in a build."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from buildledger.config.steps.script import ScriptStep
from buildledger.events.results import Result
from buildledger.steps import sequence
from buildledger.steps.sequence import Progress

results = st.sampled_from(Result)


def step(**options: Any) -> ScriptStep:
    return ScriptStep(name="s", script="true", env={}, **options)


@pytest.mark.parametrize(
    ("on_failure", "result", "halted"),
    [
        ("halt", Result.FAILURE, True),
        ("continue", Result.FAILURE, False),
        ("warn", Result.WARNINGS, False),
        ("ignore", Result.SUCCESS, False),
    ],
)
def test_on_failure(on_failure: str, result: Result, halted: bool) -> None:
    """What a step's failure does to its build is the step's own choice."""
    progress = sequence.after(Progress(), step(on_failure=on_failure), Result.FAILURE)
    assert (progress.result, progress.halted) == (result, halted)


@pytest.mark.parametrize("on_failure", ["halt", "continue", "warn", "ignore"])
@pytest.mark.parametrize("result", [Result.EXCEPTION, Result.CANCELLED, Result.RETRY])
def test_what_is_no_failure_always_halts(on_failure: str, result: Result) -> None:
    """An exception, a request to stop and a lost worker are nothing that a step can make light of."""
    progress = sequence.after(Progress(), step(on_failure=on_failure), result)
    assert (progress.result, progress.halted) == (result, True)


def test_after_a_halt_only_what_always_runs() -> None:
    """Cleaning up runs after a failure and after a request to stop; without a worker nothing can."""
    failed = sequence.after(Progress(), step(), Result.FAILURE)
    assert not sequence.may_run(failed, step())
    assert sequence.may_run(failed, step(always_run=True))
    assert sequence.may_run(sequence.stopped(Progress()), step(always_run=True))
    lost = sequence.after(Progress(), step(), Result.RETRY)
    assert not sequence.may_run(lost, step(always_run=True))
    assert sequence.is_over(lost, [step(always_run=True)])
    assert sequence.is_over(failed, [step(), step()])
    assert not sequence.is_over(failed, [step(), step(always_run=True)])
    assert not sequence.is_over(Progress(), [step()])


def test_skipped_steps_do_not_count() -> None:
    """A build of which a step was skipped is as good as one without it."""
    assert sequence.after(Progress(), step(), Result.SKIPPED) == Progress()


@given(st.lists(results))
def test_a_build_never_gets_better(ended: list[Result]) -> None:
    """Step by step the result stays or gets worse, and a build that was halted stays so."""
    progress = Progress()
    for result in ended:
        following = sequence.after(progress, step(), result)
        assert sequence.worst(progress.result, following.result) is following.result
        assert following.halted >= progress.halted
        progress = following


@given(results, results)
def test_worst_takes_no_sides(one: Result, other: Result) -> None:
    """The order of two results doesn't matter, and the answer is one of them."""
    assert sequence.worst(one, other) is sequence.worst(other, one)
    assert sequence.worst(one, other) in (one, other)
