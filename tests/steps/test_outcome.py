"""From how an operation ended to a result and a line for people."""

from __future__ import annotations

import msgspec
import pytest

from buildledger.events.answers import FOUND_ARTIFACT, KEPT_ARTIFACT, REPORT_TOTALS, KeptArtifact, answer_text
from buildledger.events.operation import INFRASTRUCTURE_REASONS, Ended, Run
from buildledger.events.results import Result
from buildledger.events.stored_format import StoredFormat
from buildledger.steps.outcome import conclude, told
from buildledger.steps.program import UnusableStepError

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
    assert conclusion.summary.startswith(("the worker ", "the secrets "))


def test_what_came_back_is_read_with_and_without_a_number() -> None:
    """What was stored before formats had numbers means the same as what is stored with one."""
    kept = KeptArtifact(sha256="ab", size_bytes=5)
    assert told(Ended(reason="exited", text='{"sha256":"ab","size_bytes":5}'), KEPT_ARTIFACT) == kept
    assert told(Ended(reason="exited", text=answer_text(kept)), KEPT_ARTIFACT) == kept


@pytest.mark.parametrize("kind", [KEPT_ARTIFACT, FOUND_ARTIFACT, REPORT_TOTALS], ids=lambda kind: kind.what)
def test_what_another_version_brought_back_is_named(kind: StoredFormat[msgspec.Struct]) -> None:
    """A step that reads a format of another version ends with what it is, its number, and what can be read."""
    with pytest.raises(UnusableStepError) as said:
        told(Ended(reason="exited", text='{"format":99,"sha256":"ab"}'), kind)
    readable = "formats 1 to 2" if kind.newest > 1 else "only format 1"
    why = f"this version of Build Ledger reads {readable}"
    assert str(said.value) == f"a stored {kind.what} can't be read (format 99): {why}"
