"""From how an operation ended to what that means for its step: Buildbot's results, and a line that says why."""

from __future__ import annotations

from typing import TypeVar

from buildledger.events.operation import Ended, OperationSpec, Run
from buildledger.events.results import Result
from buildledger.events.stored_format import StoredFormat, UnknownFormatError, UnreadableTextError
from buildledger.steps.program import Conclusion, UnusableStepError

Told = TypeVar("Told")

SIGNAL_NAMES = {1: "SIGHUP", 2: "SIGINT", 3: "SIGQUIT", 6: "SIGABRT", 9: "SIGKILL", 11: "SIGSEGV", 15: "SIGTERM"}
"""Those that tell people something; numbers are the worker's, so this doesn't ask the server's system."""

INFRASTRUCTURE = {
    "worker_shutdown": "the worker was shut down",
    "start_unknown": "the worker restarted and can't tell whether the process had started",
    "interrupted": "the worker restarted while the process ran",
    "rejected": "the worker refused the operation",
    "inconsistent": "the worker reported what can't be right",
    "lost": "the worker was lost",
    "secrets_away": "the secrets can't be asked for",
}


def conclude(ended: Ended, spec: OperationSpec, success: str = "") -> Conclusion:
    """The conclusion of a step whose last operation ended so; `success` is the summary if all went well."""
    if ended.ok:
        return Conclusion(result=Result.SUCCESS, summary=success)
    return Conclusion(result=result_of(ended), summary=summary_of(ended, spec))


def result_of(ended: Ended) -> Result:
    """Success, or whose fault it was: RETRY for the worker and the secrets' place, EXCEPTION for the server."""
    if ended.ok:
        return Result.SUCCESS
    if ended.infrastructure:
        return Result.RETRY
    match ended.reason:
        case "cancel":
            return Result.CANCELLED
        case "exited" | "signalled" | "no_output" | "max_time" | "log_limit" | "start_failed" | "no_file":
            return Result.FAILURE
        case "not_a_file" | "too_large" | "bad_report" | "bad_definition":
            return Result.FAILURE
        case _:
            return Result.EXCEPTION


FILE_TROUBLE = {
    "refused_path": "path refused by the worker",
    "io_error": "the worker could not read or write",
    "no_file": "there is no such file",
    "not_a_file": "neither a file nor a directory",
    "too_large": "too much to keep",
    "bad_report": "a test report can't be read",
    "bad_definition": "nothing is built of what it generated",
}


def summary_of(ended: Ended, spec: OperationSpec) -> str:
    """One line that tells every way of ending from every other."""
    run = spec if isinstance(spec, Run) else Run()
    match ended.reason:
        case "exited":
            line = "ended without an exit code" if ended.exit_code is None else f"exit code {ended.exit_code}"
        case "signalled":
            line = f"killed by {SIGNAL_NAMES.get(ended.signal or 0, f'signal {ended.signal}')}"
        case "no_output":
            line = f"no output for {_seconds(run.no_output_seconds)}"
        case "max_time":
            line = f"not finished after {_seconds(run.max_seconds)}"
        case "log_limit":
            line = f"wrote more than {run.log_limit_bytes} bytes"
        case "cancel":
            line = "stopped on request"
        case "start_failed":
            line = "could not be started"
        case "no_secret":
            line = "not started for want of a secret"
        case reason:
            known = INFRASTRUCTURE | FILE_TROUBLE
            line = known.get(reason, f"ended as {reason!r}, which this server doesn't know")
    return f"{line}: {ended.detail}" if ended.detail else line


def told(ended: Ended, kind: StoredFormat[Told]) -> Told:
    """What an operation brought back as JSON, in whichever format it was stored.

    Raises:
        UnusableStepError: It is of another version's format, or isn't what was asked for.
    """
    try:
        return kind.read(ended.text)
    except UnknownFormatError as error:
        raise UnusableStepError(str(error)) from error
    except UnreadableTextError as error:
        # without the number: programs have always concluded so, and a replay has to say the same
        raise UnusableStepError(f"what came back makes no sense: {error.cause}") from error


def _seconds(limit: float | None) -> str:
    return "its limit" if limit is None else f"{limit:g} s"
