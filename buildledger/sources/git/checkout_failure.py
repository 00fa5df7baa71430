"""What a failed command of a checkout tells of the far end, of the commit and of the directory."""

from __future__ import annotations

from buildledger.events.change import FailureCause
from buildledger.events.operation import EndReason, Run
from buildledger.sources.failures import Failure
from buildledger.sources.git import failure
from buildledger.sources.port import WorkerCommandFailedError


def found_in(failed: WorkerCommandFailedError, *, made_anew: bool) -> Failure | None:
    """What git's output says; None when it wasn't git that failed.

    What may be due to the state of the directory counts as a damaged clone, unless the clone was `made_anew`.
    """
    ended, label = failed.ended, failed.command.label
    reaches_out = label in ("git fetch", "git submodule")
    if ended.reason in (EndReason.NO_OUTPUT, EndReason.MAX_TIME):
        return Failure(FailureCause.NETWORK, failure.detail(ended.text)) if reaches_out else None
    if ended.reason != EndReason.EXITED or not isinstance(failed.command.spec, Run):
        return None
    cause, detail = failure.classify(ended.text), failure.detail(ended.text)
    told_by_far_end = label == "git fetch" and cause is FailureCause.NOT_FOUND
    if cause in (FailureCause.NOT_FOUND, FailureCause.OTHER) and not (
        told_by_far_end or failure.is_conclusive(ended.text)
    ):
        cause = cause if made_anew else FailureCause.CORRUPT
    if told_by_far_end and (plainly := failure.in_plain_words(ended.text)):
        detail = f"{plainly} ({detail})"
    return Failure(cause, detail)


def blames_commit(failed: WorkerCommandFailedError, found: Failure | None) -> bool:
    """Whether submodules that the commit names can't be had, though nothing was left of earlier builds."""
    return (
        failed.command.label == "git submodule"
        and found is not None
        and found.cause in (FailureCause.NOT_FOUND, FailureCause.OTHER)
        and failure.is_named_by_commit(failed.ended.text)
    )


def lacks_commit(failed: WorkerCommandFailedError, found: Failure | None) -> bool:
    """Whether the far end doesn't have the commit that was asked for."""
    return (
        failed.command.label == "git fetch"
        and found is not None
        and found.cause is FailureCause.NOT_FOUND
        and failure.is_missing_commit(failed.ended.text)
    )
