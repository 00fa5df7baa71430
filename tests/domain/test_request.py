"""The rules of the queue."""

from __future__ import annotations

import pytest

from buildledger.domain import request
from buildledger.domain.command import Command
from buildledger.domain.refusals import (
    NotFoundRefusal,
    RequestContradictedRefusal,
    RequestNotWaitingRefusal,
    StaleAttemptRefusal,
)
from buildledger.domain.request import (
    CancelRequest,
    ClaimRequest,
    CollapseRequest,
    FinishRequest,
    PrioritiseRequest,
    ReturnRequest,
    SubmitRequest,
)
from buildledger.events.fact import Fact
from buildledger.events.ids import build_id
from buildledger.events.request import (
    RequestClaimed,
    RequestCollapsed,
    RequestFinished,
    RequestPrioritised,
    RequestReturned,
)
from buildledger.events.results import Result
from tests.domain.samples import BUILD, OTHER_REQUEST, REQUEST, submitted
from tests.domain.scenario import Scenario

CLAIMED = RequestClaimed(build_id=BUILD, attempt=1)
RETURNED = RequestReturned(build_id=BUILD, reason="lost")
COLLAPSED = RequestCollapsed(into=OTHER_REQUEST)
DONE = RequestFinished(result=Result.SUCCESS, build_id=BUILD)


def given(*past: Fact) -> Scenario:
    return Scenario(request.AGGREGATE, *past)


def test_a_request_is_submitted() -> None:
    """A new request is recorded as it was asked."""
    given().when(SubmitRequest(request_id=REQUEST, request=submitted())).then(submitted())


def test_the_same_request_again_decides_nothing() -> None:
    """A repeated delivery or a client's retry makes no second request."""
    given(submitted()).when(SubmitRequest(request_id=REQUEST, request=submitted())).then_nothing()


def test_other_contents_under_the_same_id_are_refused() -> None:
    """An id names one request for ever."""
    command = SubmitRequest(request_id=REQUEST, request=submitted(builder="docs"))
    assert str(REQUEST) in given(submitted()).refuses(command, RequestContradictedRefusal)


@pytest.mark.parametrize(
    "command",
    [
        PrioritiseRequest(request_id=REQUEST, priority=1),
        CancelRequest(request_id=REQUEST, reason="no"),
        ClaimRequest(request_id=REQUEST, build_id=BUILD, attempt=1),
        CollapseRequest(request_id=REQUEST, into=OTHER_REQUEST),
        ReturnRequest(request_id=REQUEST, build_id=BUILD, reason="lost"),
        FinishRequest(request_id=REQUEST, result=Result.SUCCESS),
    ],
)
def test_a_request_that_was_never_submitted_is_not_there(command: Command) -> None:
    """Every command but the submission needs a request."""
    given().refuses(command, NotFoundRefusal)


@pytest.mark.parametrize("past", [(CLAIMED,), (COLLAPSED,), (DONE,)], ids=["claimed", "collapsed", "finished"])
@pytest.mark.parametrize(
    "command",
    [
        PrioritiseRequest(request_id=REQUEST, priority=1),
        CancelRequest(request_id=REQUEST, reason="no"),
        ClaimRequest(request_id=REQUEST, build_id=build_id(REQUEST, 2), attempt=2),
    ],
)
def test_only_a_waiting_request_can_be_moved_in_the_queue(past: tuple[Fact, ...], command: Command) -> None:
    """Claimed, collapsed and finished requests have left the queue."""
    given(submitted(), *past).refuses(command, RequestNotWaitingRefusal)


def test_a_priority_is_changed_once() -> None:
    """The same priority again decides nothing."""
    command = PrioritiseRequest(request_id=REQUEST, priority=5)
    given(submitted()).when(command, command).then(RequestPrioritised(priority=5))


def test_a_waiting_request_is_cancelled() -> None:
    """Cancelling answers the request."""
    expected = RequestFinished(result=Result.CANCELLED, reason="no longer wanted")
    given(submitted()).when(CancelRequest(request_id=REQUEST, reason="no longer wanted")).then(expected)


def test_a_claim_is_made_once() -> None:
    """The same build may claim again; that decides nothing."""
    command = ClaimRequest(request_id=REQUEST, build_id=BUILD, attempt=1)
    given(submitted()).when(command, command).then(CLAIMED)


@pytest.mark.parametrize("attempt", [0, 1, 3])
def test_attempts_are_counted_without_gaps(attempt: int) -> None:
    """A claim that counts from an older state would bring a finished build back; it is refused."""
    command = ClaimRequest(request_id=REQUEST, build_id=build_id(REQUEST, attempt), attempt=attempt)
    given(submitted(), CLAIMED, RETURNED).refuses(command, StaleAttemptRefusal)


def test_a_collapse_is_made_once() -> None:
    """Collapsing again decides nothing."""
    command = CollapseRequest(request_id=REQUEST, into=OTHER_REQUEST)
    given(submitted()).when(command, command).then(COLLAPSED)


def test_a_lost_build_gives_its_request_back() -> None:
    """The request waits again, and its next build is attempt 2."""
    second = build_id(REQUEST, 2)
    given(submitted(), CLAIMED).when(
        ReturnRequest(request_id=REQUEST, build_id=BUILD, reason="lost"),
        ClaimRequest(request_id=REQUEST, build_id=second, attempt=2),
    ).then(RETURNED, RequestClaimed(build_id=second, attempt=2))


@pytest.mark.parametrize("past", [(), (CLAIMED, RETURNED), (DONE,)], ids=["waiting", "returned", "finished"])
def test_a_build_returns_only_what_it_holds(past: tuple[Fact, ...]) -> None:
    """A late return of a request that the build doesn't hold decides nothing."""
    given(submitted(), *past).when(ReturnRequest(request_id=REQUEST, build_id=BUILD, reason="lost")).then_nothing()


@pytest.mark.parametrize("past", [(CLAIMED,), (COLLAPSED,)], ids=["claimed", "collapsed"])
def test_a_build_answers_its_requests_once(past: tuple[Fact, ...]) -> None:
    """The request that was claimed and those collapsed into it get the build's result, and keep it."""
    first = FinishRequest(request_id=REQUEST, result=Result.SUCCESS, build_id=BUILD)
    second = FinishRequest(request_id=REQUEST, result=Result.FAILURE, build_id=BUILD)
    given(submitted(), *past).when(first, second).then(DONE)


@pytest.mark.parametrize(
    "past",
    [(CLAIMED, RETURNED), (CLAIMED, RETURNED, RequestClaimed(build_id=build_id(REQUEST, 2), attempt=2))],
    ids=["waiting again", "held by the next build"],
)
def test_a_build_that_lost_the_request_can_not_answer_it(past: tuple[Fact, ...]) -> None:
    """Only the build that holds a request answers it."""
    late = FinishRequest(request_id=REQUEST, result=Result.SUCCESS, build_id=BUILD)
    given(submitted(), *past).when(late).then_nothing()
