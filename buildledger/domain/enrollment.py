"""Enrollment tokens: good for one worker, once, and for a short time."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import assert_never
from uuid import UUID

import msgspec

from buildledger.domain.command import Aggregate, Command
from buildledger.domain.refusals import TokenRefusal
from buildledger.events.fact import Fact
from buildledger.events.ids import enrollment_id
from buildledger.events.worker import EnrollmentIssued, EnrollmentUsed

MAX_TOKEN_LIFE = timedelta(hours=1)


class EnrollmentState(msgspec.Struct, frozen=True):
    """A token as its facts left it."""

    issued: EnrollmentIssued | None = None
    used: bool = False


class EnrollmentCommand(Command, frozen=True, kw_only=True):
    """A command about one token, named by the SHA-256 of its text in hex."""

    token_digest: str

    @property
    def stream_id(self) -> UUID:
        """The token's stream."""
        return enrollment_id(self.token_digest)


class IssueEnrollment(EnrollmentCommand, frozen=True, kw_only=True):
    """Make a token good until `at` + `life`, at the most an hour."""

    worker: str | None
    at: datetime
    life: timedelta = MAX_TOKEN_LIFE


class UseEnrollment(EnrollmentCommand, frozen=True, kw_only=True):
    """Spend it; goes with `EnrollWorker` in one transaction."""

    worker: str
    at: datetime


def decide(state: EnrollmentState, command: IssueEnrollment | UseEnrollment) -> tuple[Fact, ...]:
    """Issue once, use once, in time, for the right worker.

    Raises:
        TokenRefusal
    """
    match command:
        case IssueEnrollment(token_digest=digest, worker=worker, at=at, life=life):
            if state.issued is not None:
                return ()
            if life > MAX_TOKEN_LIFE:
                raise TokenRefusal(f"may live for {MAX_TOKEN_LIFE} at the most")
            return (EnrollmentIssued(token_digest=digest, worker=worker, expires_at=at + life),)
        case UseEnrollment(worker=worker, at=at):
            if state.issued is None:
                raise TokenRefusal("is unknown")
            if state.used:
                raise TokenRefusal("was used before")
            if at > state.issued.expires_at:
                raise TokenRefusal("has expired")
            if state.issued.worker not in (None, worker):
                raise TokenRefusal("was made for another worker")
            return (EnrollmentUsed(worker=worker),)
        case _:
            assert_never(command)


def evolve(state: EnrollmentState, fact: Fact) -> EnrollmentState:
    """Issued, then used."""
    match fact:
        case EnrollmentIssued():
            return EnrollmentState(issued=fact)
        case EnrollmentUsed():
            return EnrollmentState(issued=state.issued, used=True)
        case _:
            return state


AGGREGATE = Aggregate(
    name="enrollment",
    commands=(IssueEnrollment, UseEnrollment),
    initial=EnrollmentState(),
    decide=decide,
    evolve=evolve,
)
