"""What a checkout does when git fails, by cause."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
import pytest

from buildledger.events.operation import Ended, Remove, Run
from buildledger.events.results import Result
from buildledger.steps.checkout import APPEARANCE_SECONDS, PAUSE_SECONDS, REPAIRS
from buildledger.steps.program import Conclusion, ObtainRevision, Operation
from buildledger.steps.registry import begin
from tests.steps.programs import INPUTS, STEPS

GOOD = Ended(reason="exited", exit_code=0)


def fails(text: str) -> Ended:
    return Ended(reason="exited", exit_code=128, text=text)


NETWORK = fails("fatal: unable to access 'https://x/': Could not resolve host: x\n")
AUTH = fails("fatal: Authentication failed for 'https://x/'\n")
GONE = fails("fatal: couldn't find remote ref refs/heads/main\n")
DAMAGED = fails("error: object file .git/objects/12/34 is empty\nfatal: loose object 1234 is corrupt\n")


def answered(outcomes: Iterable[Ended], name: str = "checkout") -> tuple[list[Operation], Conclusion]:
    """There is a clone; answer with `outcomes`, then with success; the operations from the fetch on, and the end."""
    execution, operations, left = begin(STEPS[name], INPUTS), [], iter(outcomes)
    while isinstance(execution.request, Operation) and execution.request.label in ("look for links", "git remote"):
        execution.answer(GOOD)
    while execution.conclusion is None:
        if isinstance(execution.request, Operation):
            operations.append(execution.request)
            execution.answer(next(left, GOOD))
        else:
            assert isinstance(execution.request, ObtainRevision)
            execution.answer(None)
    return operations, execution.conclusion


def labels(operations: Iterable[Operation]) -> list[str]:
    return [operation.label for operation in operations]


def test_network_is_tried_again_after_a_pause() -> None:
    """The pause is an operation of the worker's: it survives a restart of the server, and everybody can see it."""
    operations, conclusion = answered([NETWORK])
    assert labels(operations) == [
        "git fetch",
        f"wait {PAUSE_SECONDS[0]} s and try again",
        "git remote",
        "git fetch",
        "git checkout",
    ]
    assert conclusion.result is Result.SUCCESS
    assert isinstance(operations[1].spec, Run)
    assert operations[1].spec.argv[-3:] == ("-c", f"alias.pause=!sleep {PAUSE_SECONDS[0]}", "pause")


def test_network_is_given_up_in_the_end() -> None:
    """After the last pause the reason stands in the summary, and no commit is blamed."""
    operations, conclusion = answered([NETWORK, GOOD, GOOD] * 10)
    assert labels(operations).count("git fetch") == len(PAUSE_SECONDS) + 1
    assert conclusion.result is Result.EXCEPTION
    assert conclusion.summary.startswith("git fetch: no connection: fatal: unable to access")


@pytest.mark.parametrize("reason", ["no_output", "max_time"])
def test_a_fetch_that_hangs_is_a_broken_network(reason: str) -> None:
    """A connection that is silently dead shows as a timeout."""
    assert labels(answered([Ended(reason=reason)])[0])[1].startswith("wait")


def test_a_checkout_that_hangs_is_not() -> None:
    """What touches only the disk is not helped by waiting."""
    _, conclusion = answered([GOOD, Ended(reason="no_output")])
    assert (conclusion.result, conclusion.summary) == (Result.EXCEPTION, "git checkout: no output for 1200 s")


@pytest.mark.parametrize(("outcome", "words"), [(AUTH, "not let in"), (GONE, "not found")])
def test_what_waiting_cannot_repair_is_not_repeated(outcome: Ended, words: str) -> None:
    """One attempt: a password is not tried again until an account is locked."""
    operations, conclusion = answered([outcome])
    assert len(operations) == 1
    assert conclusion.result is Result.EXCEPTION
    assert words in conclusion.summary


NOT_YET = fails("fatal: remote error: upload-pack: not our ref " + "a" * 40 + "\n")


def test_a_revision_that_was_announced_is_waited_for() -> None:
    """It may be on its way, or this copy of the repository behind: a few further attempts, then it is said."""
    operations, conclusion = answered([NOT_YET, GOOD, GOOD, NOT_YET])
    waits = [operation.label for operation in operations if operation.label.startswith("wait ")]
    assert waits == [f"wait {seconds} s and try again" for seconds in APPEARANCE_SECONDS[:2]]
    assert conclusion.result is Result.SUCCESS
    operations, conclusion = answered([NOT_YET, GOOD, GOOD] * 10)
    assert labels(operations).count("git fetch") == len(APPEARANCE_SECONDS) + 1
    assert (conclusion.result, "not found" in conclusion.summary) == (Result.EXCEPTION, True)
    operations, _ = answered([GONE], "checkout a branch")
    assert len(operations) == 1


def test_a_damaged_clone_is_removed() -> None:
    """Then everything is made anew."""
    operations, conclusion = answered([DAMAGED])
    assert labels(operations) == ["git fetch", "remove", "git init", "git remote add", "git fetch", "git checkout"]
    assert operations[1].spec == Remove(path=".")
    assert conclusion.result is Result.SUCCESS


def test_mending_has_an_end() -> None:
    """A disk that damages everything again is not written to for ever."""
    operations, conclusion = answered([DAMAGED] + [GOOD, GOOD, GOOD, DAMAGED] * 10)
    assert labels(operations).count("remove") == REPAIRS
    assert conclusion.result is Result.EXCEPTION


def test_a_worker_without_git_lfs() -> None:
    """What is missing on the worker is told at once; no pause brings it there."""
    missing = fails("git-lfs filter-process: 1: git-lfs: not found\nfatal: the remote end hung up unexpectedly\n")
    operations, conclusion = answered([GOOD, missing])
    assert labels(operations) == ["git fetch", "git checkout"]
    assert conclusion.result is Result.EXCEPTION
    assert "git-lfs: not found" in conclusion.summary


def test_old_servers_give_whole_branches_only() -> None:
    """A revision that may not be asked for is looked for in its branch."""
    refusal = fails("error: Server does not allow request for unadvertised object 0123\n")
    operations, conclusion = answered([refusal])
    wanted = [operation.spec.argv[-1] for operation in operations if isinstance(operation.spec, Run)]
    assert wanted == [f"+{'a' * 40}:refs/buildledger/head", "+refs/heads/main:refs/buildledger/head", "a" * 40]
    assert conclusion.result is Result.SUCCESS


@pytest.mark.parametrize(
    ("reason", "result"),
    [
        ("lost", Result.RETRY),
        ("interrupted", Result.RETRY),
        ("cancel", Result.CANCELLED),
        ("start_failed", Result.EXCEPTION),
        ("io_error", Result.EXCEPTION),
        ("signalled", Result.EXCEPTION),
    ],
)
@pytest.mark.parametrize("before", [[], [NETWORK]])
def test_what_git_is_not_to_blame_for(before: list[Ended], reason: str, result: Result) -> None:
    """A lost worker and a request to stop end the step at once, in the middle of a pause too."""
    operations, conclusion = answered([*before, Ended(reason=reason)])
    assert len(operations) == len(before) + 1
    assert conclusion.result is result


def test_an_answer_that_is_no_revision() -> None:
    """What git prints is checked before it is given back to git."""
    _, conclusion = answered([GOOD, Ended(reason="exited", exit_code=0, text="--evil\n")], "checkout a branch")
    assert conclusion.result is Result.EXCEPTION
    assert "no revision: '--evil'" in conclusion.summary


def took(seconds: float, outcome: Ended = GOOD) -> Ended:
    """The same, and how long that took."""
    return msgspec.structs.replace(outcome, duration_seconds=seconds)


def limits(operations: Iterable[Operation]) -> list[float | None]:
    return [operation.spec.max_seconds for operation in operations if isinstance(operation.spec, Run)]


def test_the_time_counts_altogether() -> None:
    """Each command, pause and further attempt has what is left of the time; what is spent is over."""
    operations, conclusion = answered(
        [took(40, NETWORK), took(10), took(0.5), took(30)], "checkout in a minute and a half"
    )
    assert limits(operations) == [90, 50, 40, 39.5, 9.5]
    assert conclusion.result is Result.SUCCESS


@pytest.mark.parametrize(
    ("outcomes", "count"),
    [([took(90.5, NETWORK)], 1), ([took(85, NETWORK), Ended(reason="max_time")], 2), ([Ended(reason="max_time")], 1)],
)
def test_time_that_is_over(outcomes: list[Ended], count: int) -> None:
    """Nothing more is begun then, and the summary says which time was over, and what took it."""
    operations, conclusion = answered(outcomes, "checkout in a minute and a half")
    assert len(operations) == count
    assert conclusion.result is Result.EXCEPTION
    assert conclusion.summary.startswith("git fetch: not finished after 90 s")
    assert ("no connection: fatal: unable to access" in conclusion.summary) is (outcomes[0].text != "")


FULL = fails("error: unable to write file lib/x\nfatal: write error: No space left on device\n")
PROTECTED = fails("error: unable to create file lib/x: Permission denied\nfatal: Unable to checkout 'aa' in\n")
NOWHERE = fails("fatal: repository '/nowhere' does not exist\nfatal: clone of '/nowhere' into 'lib' failed\n")


@pytest.mark.parametrize(
    ("outcome", "result"),
    [(FULL, Result.EXCEPTION), (PROTECTED, Result.EXCEPTION), (NOWHERE, Result.FAILURE), (AUTH, Result.EXCEPTION)],
)
def test_only_what_a_commit_names_is_its_failure(outcome: Ended, result: Result) -> None:
    """A full disk, a protected directory and a closed door are none of its, whenever submodules are brought."""
    execution, last = begin(STEPS["checkout fresh"], INPUTS), ""
    while (request := execution.request) is not None:
        assert isinstance(request, Operation)
        last = request.label
        execution.answer(outcome if last == "git submodule" else GOOD)
    assert last == "git submodule"
    assert execution.conclusion is not None
    assert execution.conclusion.result is result
