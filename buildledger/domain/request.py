"""Build requests: waiting, claimed by a build or collapsed into another request, and at last finished."""

from __future__ import annotations

from enum import StrEnum
from typing import assert_never
from uuid import UUID

import msgspec

from buildledger.domain.command import Aggregate, Command
from buildledger.domain.refusals import (
    NotFoundRefusal,
    RequestContradictedRefusal,
    RequestNotWaitingRefusal,
    StaleAttemptRefusal,
)
from buildledger.events.fact import Fact
from buildledger.events.ids import BuildId, RequestId
from buildledger.events.request import (
    RequestClaimed,
    RequestCollapsed,
    RequestFinished,
    RequestPrioritised,
    RequestReturned,
    RequestSubmitted,
)
from buildledger.events.results import Result


class RequestStatus(StrEnum):
    """Where a request stands."""

    ABSENT = "absent"
    WAITING = "waiting"
    CLAIMED = "claimed"
    COLLAPSED = "collapsed"
    FINISHED = "finished"


class RequestState(msgspec.Struct, frozen=True, kw_only=True):
    """A request as its facts left it."""

    status: RequestStatus = RequestStatus.ABSENT
    submitted: RequestSubmitted | None = None
    priority: int = 0
    attempts: int = 0
    """How many builds it has had."""
    build_id: BuildId | None = None
    """The build that has it; None while it waits."""


class RequestCommand(Command, frozen=True, kw_only=True):
    """A command about one request."""

    request_id: RequestId

    @property
    def stream_id(self) -> UUID:
        """The request's stream."""
        return self.request_id


class SubmitRequest(RequestCommand, frozen=True, kw_only=True):
    """Ask for a build; the same request again decides nothing."""

    request: RequestSubmitted


class PrioritiseRequest(RequestCommand, frozen=True, kw_only=True):
    """Give a waiting request another priority."""

    priority: int


class CancelRequest(RequestCommand, frozen=True, kw_only=True):
    """Take a waiting request out of the queue."""

    reason: str


class ClaimRequest(RequestCommand, frozen=True, kw_only=True):
    """Let a build take it; goes with `AssignBuild` in one transaction."""

    build_id: BuildId
    attempt: int


class CollapseRequest(RequestCommand, frozen=True, kw_only=True):
    """Let another request's build answer it."""

    into: RequestId


class ReturnRequest(RequestCommand, frozen=True, kw_only=True):
    """Put it back into the queue, after its build was lost."""

    build_id: BuildId
    reason: str


class FinishRequest(RequestCommand, frozen=True, kw_only=True):
    """Answer it for good; a build that doesn't have the request any more decides nothing."""

    result: Result
    build_id: BuildId | None = None
    """The build that answers; for a collapsed request, that of the request it was collapsed into."""
    reason: str = ""


COMMANDS = (
    SubmitRequest,
    PrioritiseRequest,
    CancelRequest,
    ClaimRequest,
    CollapseRequest,
    ReturnRequest,
    FinishRequest,
)
RequestCommands = (
    SubmitRequest | PrioritiseRequest | CancelRequest | ClaimRequest | CollapseRequest | ReturnRequest | FinishRequest
)


def decide(state: RequestState, command: RequestCommands) -> tuple[Fact, ...]:
    """Apply the rules of the queue.

    Raises:
        NotFoundRefusal
        RequestNotWaitingRefusal
        RequestContradictedRefusal
        StaleAttemptRefusal
    """
    if isinstance(command, SubmitRequest):
        return _submit(state, command)
    if state.submitted is None:
        raise NotFoundRefusal("request", command.request_id)
    match command:
        case PrioritiseRequest(priority=priority):
            _must_wait(state, command)
            return () if priority == state.priority else (RequestPrioritised(priority=priority),)
        case CancelRequest(reason=reason):
            _must_wait(state, command)
            return (RequestFinished(result=Result.CANCELLED, reason=reason),)
        case ClaimRequest(build_id=build_id, attempt=attempt):
            if state.status is RequestStatus.CLAIMED and state.build_id == build_id:
                return ()
            _must_wait(state, command)
            if attempt != state.attempts + 1:
                raise StaleAttemptRefusal(command.request_id, attempt, state.attempts)
            return (RequestClaimed(build_id=build_id, attempt=attempt),)
        case CollapseRequest(into=into):
            if state.status is RequestStatus.COLLAPSED:
                return ()
            _must_wait(state, command)
            return (RequestCollapsed(into=into),)
        case ReturnRequest(build_id=build_id, reason=reason):
            held = state.status is RequestStatus.CLAIMED and state.build_id == build_id
            return (RequestReturned(build_id=build_id, reason=reason),) if held else ()
        case FinishRequest(result=result, build_id=build_id, reason=reason):
            finished = RequestFinished(result=result, build_id=build_id, reason=reason)
            return (finished,) if _may_finish(state, build_id) else ()
        case _:
            assert_never(command)


def _submit(state: RequestState, command: SubmitRequest) -> tuple[Fact, ...]:
    if state.submitted is None:
        return (command.request,)
    if state.submitted == command.request:
        return ()
    raise RequestContradictedRefusal(command.request_id)


def _may_finish(state: RequestState, build_id: BuildId | None) -> bool:
    match state.status:
        case RequestStatus.WAITING:
            return build_id is None
        case RequestStatus.CLAIMED:
            return build_id == state.build_id
        case _:
            return state.status is RequestStatus.COLLAPSED


def _must_wait(state: RequestState, command: RequestCommand) -> None:
    if state.status is not RequestStatus.WAITING:
        raise RequestNotWaitingRefusal(command.request_id, state.status.value)


def evolve(state: RequestState, fact: Fact) -> RequestState:
    """Move the request along."""
    replace = msgspec.structs.replace
    match fact:
        case RequestSubmitted():
            return RequestState(status=RequestStatus.WAITING, submitted=fact, priority=fact.priority)
        case RequestPrioritised(priority=priority):
            return replace(state, priority=priority)
        case RequestClaimed(build_id=build_id, attempt=attempt):
            return replace(state, status=RequestStatus.CLAIMED, build_id=build_id, attempts=attempt)
        case RequestCollapsed():
            return replace(state, status=RequestStatus.COLLAPSED)
        case RequestReturned():
            return replace(state, status=RequestStatus.WAITING, build_id=None)
        case RequestFinished():
            return replace(state, status=RequestStatus.FINISHED)
        case _:
            return state


AGGREGATE = Aggregate(name="request", commands=COMMANDS, initial=RequestState(), decide=decide, evolve=evolve)
