"""The contract of step programs: the same step, inputs and answers give the same requests, whenever it runs."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from buildledger.config.steps.kinds import Step
from buildledger.events.operation import Ended
from buildledger.steps.program import Conclusion, Execution, Operation, Request
from buildledger.steps.registry import PROGRAMS, ProgramChangedError, begin, program_of, resume
from tests.steps.programs import INPUTS, STEPS

OUTPUTS = (
    "",
    "a" * 40 + "\n",
    "no object name\n",
    "fatal: not a git repository: '.git'\n",
    "missing",
    "fatal: Could not resolve host: acme.example\n",
    "fatal: Authentication failed\n",
    "fatal: couldn't find remote ref refs/heads/main\n",
    "error: Server does not allow request for unadvertised object\n",
    "fatal: Unable to create '/b/.git/index.lock': File exists.\n",
    "error: object file .git/objects/12/34 is empty\n",
    "fatal: mismatched algorithms: client sha1; server sha256\n",
    '{"sha256": "ab", "size_bytes": 5, "directory": true, "file_count": 2}',
    '{"builder": "b", "number": 3, "sha256": "ab", "size_bytes": 5, "directory": true, "mode": 0, "pages": 3}',
    '{"builder": "b", "number": 3, "sha256": "ab", "size_bytes": 5, "directory": false, "mode": 493, "pages": 0}',
    '{"reports": 1, "passed": 1234, "failed": 2, "errors": 0, "skipped": 0}',
)
PROCESS_REASONS = ("signalled", "no_output", "max_time", "log_limit", "cancel", "start_failed", "start_unknown")
FILE_REASONS = ("refused_path", "io_error", "no_file", "not_a_file", "too_large", "bad_report")
OTHER_REASONS = ("worker_shutdown", "interrupted", "rejected", "lost", "one of tomorrow")

exits = st.builds(
    lambda code, text, cut: Ended(reason="exited", exit_code=code, text=text, text_truncated=cut),
    st.sampled_from((0, 0, 1, 128)),
    st.sampled_from(OUTPUTS),
    st.booleans(),
)
others = st.builds(
    lambda reason: Ended(reason=reason, signal=9), st.sampled_from(PROCESS_REASONS + FILE_REASONS + OTHER_REASONS)
)
answers = st.lists(st.one_of(exits, exits, exits, others), max_size=40)


def perform(execution: Execution, outcomes: Sequence[Ended]) -> list[Request | Conclusion]:
    """Answer as far as the outcomes go; everything that was asked, and the conclusion if there was one."""
    seen: list[Request | Conclusion] = []
    left = iter(outcomes)
    while (request := execution.request) is not None:
        seen.append(request)
        outcome = next(left, None) if isinstance(request, Operation) else None
        if isinstance(request, Operation) and outcome is None:
            return seen
        execution.answer(outcome)
    assert execution.conclusion is not None
    return [*seen, execution.conclusion]


@pytest.mark.parametrize("step", STEPS.values(), ids=STEPS.keys())
@settings(max_examples=60)
@given(outcomes=answers)
def test_replay_at_every_prefix(step: Step, outcomes: list[Ended]) -> None:
    """A program that is begun again after any number of answers asks for what it asked for the first time."""
    whole = perform(begin(step, INPUTS), outcomes)
    for length in range(len(outcomes) + 1):
        known = program_of(step)
        replayed = resume(step, INPUTS, program=known.name, version=known.version)
        part = perform(replayed, outcomes[:length])
        assert part == whole[: len(part)]
        assert replayed.operations_asked == sum(isinstance(request, Operation) for request in part)


@pytest.mark.parametrize("step", STEPS.values(), ids=STEPS.keys())
@settings(max_examples=60)
@given(outcomes=st.lists(st.one_of(exits, others), min_size=80, max_size=80))
def test_every_program_ends(step: Step, outcomes: list[Ended]) -> None:
    """Whatever goes wrong, a program comes to a conclusion after a bounded number of operations."""
    assert isinstance(perform(begin(step, INPUTS), outcomes)[-1], Conclusion)


def test_every_program_is_tested() -> None:
    """No program is left out of the tests above, and names are unique."""
    assert {type(step) for step in STEPS.values()} == set(PROGRAMS)
    assert len({program.name for program in PROGRAMS.values()}) == len(PROGRAMS)


def test_another_version_is_not_replayed() -> None:
    """A step that another version of its program started is not gone on with."""
    step = STEPS["run"]
    here = program_of(step).version
    with pytest.raises(ProgramChangedError, match=f"started in version {here + 1}, this server has version {here}$"):
        resume(step, INPUTS, program="run", version=here + 1)
    with pytest.raises(ProgramChangedError, match="no such program"):
        resume(step, INPUTS, program="walk", version=1)


def test_answers_fit_their_requests() -> None:
    """An effect has no outcome, an operation has one, and a program that has ended takes none."""
    execution = begin(STEPS["run"], INPUTS)
    with pytest.raises(TypeError):
        execution.answer(None)
    execution.answer(Ended(reason="exited", exit_code=0))
    with pytest.raises(RuntimeError):
        execution.answer(Ended(reason="exited", exit_code=0))
