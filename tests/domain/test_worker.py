"""The rules of the workers' door."""

from __future__ import annotations

from datetime import timedelta

import pytest

from buildledger.domain import worker_rules
from buildledger.domain.refusals import DuplicateWorkerRefusal, LedgerBehindRefusal, WorkerNotEnrolledRefusal
from buildledger.domain.worker import (
    DisconnectWorker,
    EnrollWorker,
    ExpireCredential,
    ExpireLease,
    PauseWorker,
    ReportWorkerMissing,
    ResumeWorker,
    RevokeWorker,
    RotateCredential,
)
from buildledger.events.fact import Fact
from buildledger.events.worker import (
    PausedBy,
    WorkerCredentialExpired,
    WorkerCredentialRotated,
    WorkerDisconnected,
    WorkerEnrolled,
    WorkerLost,
    WorkerMissing,
    WorkerPaused,
    WorkerResumed,
    WorkerReturned,
    WorkerRevoked,
)
from tests.domain.samples import AT, connected, hello
from tests.domain.scenario import Scenario

ENROLLED = WorkerEnrolled(worker="w1", credential_digest="d1")
GONE = WorkerDisconnected(epoch=1, reason="silent")


def given(*past: Fact) -> Scenario:
    return Scenario(worker_rules.AGGREGATE, *past)


def test_a_worker_gets_a_credential_and_connects() -> None:
    """The first session has number 1."""
    given().when(EnrollWorker(worker="w1", credential_digest="d1"), hello()).then(ENROLLED, connected())


def test_the_same_credential_again_decides_nothing() -> None:
    """A repeated enrollment is harmless."""
    given(ENROLLED).when(EnrollWorker(worker="w1", credential_digest="d1")).then_nothing()


@pytest.mark.parametrize(
    ("past", "says"),
    [
        ((), "not enrolled"),
        ((WorkerEnrolled(worker="w1", credential_digest="d2"),), "not its own"),
        ((ENROLLED, WorkerRevoked()), "revoked"),
    ],
)
def test_without_its_credential_nobody_gets_in(past: tuple[Fact, ...], says: str) -> None:
    """Unknown, replaced and revoked credentials are refused, each by name."""
    assert says in given(*past).refuses(hello(), WorkerNotEnrolledRefusal)


DAY, HOUR = timedelta(days=1), timedelta(hours=1)
SHORT_LIVED = WorkerEnrolled(worker="w1", credential_digest="d1", expires_at=AT + DAY)


def rotate(digest: str = "d2", shown: str = "d1", after: timedelta = 12 * HOUR) -> RotateCredential:
    at = AT + after
    return RotateCredential(
        worker="w1", shown_digest=shown, at=at, overlap=HOUR, credential_digest=digest, expires_at=at + DAY
    )


def rotated(digest: str = "d2", until: timedelta = 13 * HOUR, after: timedelta = 12 * HOUR) -> WorkerCredentialRotated:
    return WorkerCredentialRotated(
        worker="w1",
        credential_digest=digest,
        expires_at=AT + after + DAY,
        previous_digest="d1",
        previous_expires_at=AT + until,
    )


def test_a_credential_lets_in_until_it_expires() -> None:
    """At its end it lets nobody in; without a time nobody can tell, so it doesn't either."""
    given(SHORT_LIVED).when(hello(at=AT + DAY - HOUR)).then(connected())
    for at in (AT + DAY, None):
        assert "has expired" in given(SHORT_LIVED).refuses(hello(at=at), WorkerNotEnrolledRefusal)


def test_a_rotated_credential_is_taken_for_the_overlap() -> None:
    """Old and new one let in at first, and only the new one afterwards."""
    given(SHORT_LIVED).when(rotate()).then(rotated())
    given(SHORT_LIVED, rotated()).when(hello(at=AT + 13 * HOUR - HOUR / 2)).then(connected())
    assert "replaced" in given(SHORT_LIVED, rotated()).refuses(hello(at=AT + 13 * HOUR), WorkerNotEnrolledRefusal)
    given(SHORT_LIVED, rotated()).when(hello(credential_digest="d2", at=AT + 13 * HOUR)).then(connected())


def test_an_answer_that_was_lost_is_asked_for_again() -> None:
    """The old credential is exchanged again within its overlap, which that doesn't make longer."""
    again = rotate("d3", after=12 * HOUR + HOUR / 2)
    given(SHORT_LIVED, rotated()).when(again, again).then(rotated("d3", after=12 * HOUR + HOUR / 2))
    late = rotate("d3", after=13 * HOUR)
    assert "replaced" in given(SHORT_LIVED, rotated()).refuses(late, WorkerNotEnrolledRefusal)


def test_an_exchange_needs_a_credential_in_force() -> None:
    """Neither a stranger's, nor an expired one, nor a revoked one is exchanged."""
    assert "not its own" in given(SHORT_LIVED).refuses(rotate(shown="d9"), WorkerNotEnrolledRefusal)
    assert "has expired" in given(SHORT_LIVED).refuses(rotate(after=DAY), WorkerNotEnrolledRefusal)
    assert "revoked" in given(SHORT_LIVED, WorkerRevoked()).refuses(rotate(), WorkerNotEnrolledRefusal)


def test_a_credential_expires_once_and_not_too_early() -> None:
    """One that has time left, or was exchanged, doesn't expire; after it did, the worker isn't enrolled."""
    expired = WorkerCredentialExpired(worker="w1", credential_digest="d1")
    expire = ExpireCredential(worker="w1", credential_digest="d1", at=AT + DAY)
    given(SHORT_LIVED).when(expire, expire).then(expired)
    given(SHORT_LIVED).when(ExpireCredential(worker="w1", credential_digest="d1", at=AT)).then_nothing()
    given(SHORT_LIVED, rotated()).when(expire).then_nothing()
    assert "expired" in given(SHORT_LIVED, expired).refuses(hello(at=AT), WorkerNotEnrolledRefusal)


def test_revocation_voids_the_previous_credential_too() -> None:
    """A stolen state directory opens nothing, whichever credential it holds."""
    state = given(SHORT_LIVED, rotated(), WorkerRevoked())
    for digest in ("d1", "d2"):
        assert "revoked" in state.refuses(hello(credential_digest=digest, at=AT), WorkerNotEnrolledRefusal)


def test_sessions_are_numbered() -> None:
    """A worker that comes back gets the next number."""
    given(ENROLLED, connected(), GONE).when(hello()).then(connected(epoch=2))


def test_a_ledger_that_is_behind_lets_in_only_by_somebodys_word() -> None:
    """A worker that remembers later sessions is refused; after a restore, or a new token, the next is beyond them."""
    past = (ENROLLED, connected(epoch=3), WorkerDisconnected(epoch=3, reason="silent"))
    given(*past).when(hello(last_epoch=3)).then(connected(epoch=4))
    assert "--restored" in given(*past).refuses(hello(last_epoch=57), LedgerBehindRefusal)
    given(*past).when(hello(last_epoch=57, restored=True)).then(connected(epoch=58))
    given(*past).when(hello(last_epoch=2, restored=True)).then(connected(epoch=4))
    given(*past, ENROLLED).when(hello(last_epoch=57)).then(connected(epoch=58))
    gone = WorkerDisconnected(epoch=58, reason="silent")
    given(*past, ENROLLED, connected(epoch=58), gone).refuses(hello(last_epoch=60), LedgerBehindRefusal)


def test_the_same_process_replaces_its_own_session() -> None:
    """A dropped connection that the server hasn't noticed doesn't keep the worker out."""
    superseded = WorkerDisconnected(epoch=1, reason="superseded")
    given(ENROLLED, connected()).when(hello()).then(superseded, connected(epoch=2))


def test_another_process_under_the_same_name_is_refused() -> None:
    """A duplicate name never takes a live worker's place."""
    given(ENROLLED, connected()).refuses(hello(instance_id="two"), DuplicateWorkerRefusal)


def test_a_session_ends_once() -> None:
    """A repeated or older end decides nothing."""
    end = DisconnectWorker(worker="w1", epoch=1, reason="silent")
    given(ENROLLED, connected()).when(end, end).then(GONE)
    given(ENROLLED, connected(), GONE, connected(epoch=2)).when(end).then_nothing()


def test_a_disconnected_worker_is_lost_once() -> None:
    """The lease runs out once."""
    lose = ExpireLease(worker="w1", epoch=1)
    given(ENROLLED, connected(), GONE).when(lose, lose).then(WorkerLost(epoch=1))


@pytest.mark.parametrize("past", [(connected(),), (connected(), GONE, connected(epoch=2))])
def test_a_worker_that_is_there_can_not_be_lost(past: tuple[Fact, ...]) -> None:
    """Coming back in time keeps the lease."""
    given(ENROLLED, *past).when(ExpireLease(worker="w1", epoch=1)).then_nothing()


def test_a_worker_that_stays_away_is_missed_once_and_welcomed_back() -> None:
    """Missed once for each absence; its next session says that it is back, later ones don't."""
    miss = ReportWorkerMissing(worker="w1", epoch=1, since=AT)
    missing = WorkerMissing(worker="w1", epoch=1, since=AT)
    scenario = given(ENROLLED, connected(), GONE)
    scenario.when(miss, miss).then(missing)
    back = WorkerReturned(worker="w1", epoch=2)
    scenario.when(hello()).then(connected(epoch=2), back)
    scenario.when(miss, hello()).then(WorkerDisconnected(epoch=2, reason="superseded"), connected(epoch=3))


def test_a_worker_is_paused_resumed_and_revoked_once() -> None:
    """Each repetition decides nothing."""
    pause, resume, revoke = PauseWorker(worker="w1"), ResumeWorker(worker="w1"), RevokeWorker(worker="w1")
    given(ENROLLED).when(pause, pause, resume, resume, revoke, revoke).then(
        WorkerPaused(by=PausedBy.PERSON), WorkerResumed(), WorkerRevoked()
    )
