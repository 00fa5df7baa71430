"""From how an operation ended to a result and a line for people."""

from __future__ import annotations

import pytest

from buildledger.events.operation import INFRASTRUCTURE_REASONS, Ended, Run
from buildledger.events.results import Result
from buildledger.steps.outcome import conclude

SPEC = Run(argv=("pytest",), no_output_seconds=1200, max_seconds=90.5, log_limit_bytes=1000)


@pytest.mark.parametrize(
    ("ended", "result", "summary"),
    [
        (Ended(reason="exited", exit_code=0), Result.SUCCESS, ""),
        (Ended(reason="exited", exit_code=1), Result.FAILURE, "exit code 1"),
        (Ended(reason="exited", exit_code=3221225786), Result.FAILURE, "exit code 3221225786"),
        (Ended(reason="signalled", signal=9), Result.FAILURE, "killed by SIGKILL"),
        (Ended(reason="signalled", signal=40), Result.FAILURE, "killed by signal 40"),
        (Ended(reason="no_output"), Result.FAILURE, "no output for 1200 s"),
        (Ended(reason="max_time"), Result.FAILURE, "not finished after 90.5 s"),
        (Ended(reason="log_limit"), Result.FAILURE, "wrote more than 1000 bytes"),
        (
            Ended(reason="start_failed", detail="no such program: pytest"),
            Result.FAILURE,
            "could not be started: no such program: pytest",
        ),
        (Ended(reason="cancel"), Result.CANCELLED, "stopped on request"),
        (Ended(reason="refused_path", detail="../x"), Result.EXCEPTION, "path refused by the worker: ../x"),
        (Ended(reason="io_error", detail="full"), Result.EXCEPTION, "the worker could not read or write: full"),
        (Ended(reason="lost"), Result.RETRY, "the worker was lost"),
        (Ended(reason="of tomorrow"), Result.EXCEPTION, "ended as 'of tomorrow', which this server doesn't know"),
    ],
)
def test_every_way_of_ending(ended: Ended, result: Result, summary: str) -> None:
    """Each reason has its own line, and says whose fault it was."""
    conclusion = conclude(ended, SPEC)
    assert (conclusion.result, conclusion.summary) == (result, summary)


@pytest.mark.parametrize("reason", sorted(INFRASTRUCTURE_REASONS))
def test_infrastructure_is_retried(reason: str) -> None:
    """What the worker is to blame for is tried again, and says in plain words what happened."""
    conclusion = conclude(Ended(reason=reason), SPEC)
    assert conclusion.result is Result.RETRY
    assert conclusion.summary.startswith("the worker ")
