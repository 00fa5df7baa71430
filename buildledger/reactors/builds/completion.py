"""The commands that end a build and finish its requests, or let them wait again."""

from __future__ import annotations

from buildledger.config.configurations import UnreadableConfigurationError, UnreadablePipelineError
from buildledger.config.resolved import Retry
from buildledger.domain.build import FinishBuild, FinishStep
from buildledger.domain.command import Command
from buildledger.domain.request import FinishRequest, ReturnRequest
from buildledger.domain.results import after_loss
from buildledger.events.results import Result
from buildledger.reactors.state.builds import BuildRun


def finish_build(run: BuildRun, result: Result, summary: str) -> tuple[Command, ...]:
    """End the build with this result, and finish all its requests with it."""
    answers = (
        FinishRequest(request_id=request_id, result=result, build_id=run.build_id)
        for request_id in run.assigned.requests
    )
    return (FinishBuild(build_id=run.build_id, result=result, summary=summary), *answers)


def finish_after_loss(run: BuildRun, retry: Retry, summary: str) -> tuple[Command, ...]:
    """The build was lost to infrastructure: its request waits again, unless it was stopped or has waited too often.

    Requests that were collapsed into it stay with it and are served by the next build.
    """
    attempt = run.assigned.attempt
    retries = retry.max if "infrastructure" in retry.on else 0
    result = after_loss(attempt=attempt, retries=retries, stop_requested=run.state.stop_requested)
    match result:
        case Result.RETRY:
            return (
                FinishBuild(build_id=run.build_id, result=result, summary=summary),
                ReturnRequest(request_id=run.assigned.requests[0], build_id=run.build_id, reason=summary),
            )
        case Result.CANCELLED if run.state.timed_out:
            return finish_build(run, run.state.stop_result, run.state.timeout_reason)
        case Result.EXCEPTION if attempt > 1:
            return finish_build(run, result, f"given up after {attempt} attempts: {summary}")
        case _:
            return finish_build(run, result, summary)


def finish_unreadable(
    run: BuildRun, error: UnreadableConfigurationError | UnreadablePipelineError
) -> tuple[Command, ...]:
    """End a build whose own configuration can't be read, with its step and all its requests.

    Empty while the worker still does something for it: a step doesn't end before its operation.
    """
    if run.open_operation is not None:
        return ()
    summary, step = str(error), run.state.step
    ending = finish_build(run, Result.EXCEPTION, summary)
    if not run.state.step_open:
        return ending
    return (FinishStep(build_id=run.build_id, step=step, result=Result.EXCEPTION, summary=summary), *ending)
