"""What a build's end means for the requests that it was made for."""

from __future__ import annotations

from buildledger.events.results import Result


def may_retry(*, attempt: int, retries: int, stop_requested: bool) -> bool:
    """Whether a build that was lost to infrastructure is tried again.

    `attempt` counts from 1, `retries` are the attempts allowed after the first one; who was told to stop stays stopped.
    """
    return not stop_requested and attempt <= retries


def after_loss(*, attempt: int, retries: int, stop_requested: bool) -> Result:
    """The result of a build that was lost to infrastructure."""
    if stop_requested:
        return Result.CANCELLED
    retried = may_retry(attempt=attempt, retries=retries, stop_requested=stop_requested)
    return Result.RETRY if retried else Result.EXCEPTION
