"""The rules of the workers' door."""

from __future__ import annotations

from typing import Any

import pytest

from buildledger.domain import worker
from buildledger.domain.refusals import DuplicateWorkerRefusal, StaleEpochRefusal, WorkerNotEnrolledRefusal
from buildledger.domain.worker import (
    ConnectWorker,
    DisconnectWorker,
    EnrollWorker,
    LoseWorker,
    PauseWorker,
    ResumeWorker,
    RevokeWorker,
    require_epoch,
)
from buildledger.events.fact import Fact
from buildledger.events.ids import ServerId
from buildledger.events.worker import (
    WorkerDisconnected,
    WorkerEnrolled,
    WorkerLost,
    WorkerPaused,
    WorkerResumed,
    WorkerRevoked,
)
from tests.domain.samples import REQUEST, connected
from tests.domain.scenario import Scenario

ENROLLED = WorkerEnrolled(worker="w1", credential_digest="d1")
GONE = WorkerDisconnected(epoch=1, reason="silent")


def given(*past: Fact) -> Scenario:
    return Scenario(worker.AGGREGATE, *past)


def hello(**others: Any) -> ConnectWorker:
    fields: dict[str, Any] = {
        "worker": "w1",
        "credential_digest": "d1",
        "server_id": ServerId(REQUEST),
        "boot_id": "boot",
        "instance_id": "one",
        "version": "test/1",
        "os": "linux",
        "arch": "x86_64",
        "labels": {"os": "linux"},
        "capacity": 1,
        "features": (),
        "address": "",
    }
    return ConnectWorker(**fields | others)


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


def test_sessions_are_numbered() -> None:
    """A worker that comes back gets the next number."""
    given(ENROLLED, connected(), GONE).when(hello()).then(connected(epoch=2))


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
    lose = LoseWorker(worker="w1", epoch=1)
    given(ENROLLED, connected(), GONE).when(lose, lose).then(WorkerLost(epoch=1))


@pytest.mark.parametrize("past", [(connected(),), (connected(), GONE, connected(epoch=2))])
def test_a_worker_that_is_there_can_not_be_lost(past: tuple[Fact, ...]) -> None:
    """Coming back in time keeps the lease."""
    given(ENROLLED, *past).when(LoseWorker(worker="w1", epoch=1)).then_nothing()


def test_a_worker_is_paused_resumed_and_revoked_once() -> None:
    """Each repetition decides nothing."""
    pause, resume, revoke = PauseWorker(worker="w1"), ResumeWorker(worker="w1"), RevokeWorker(worker="w1")
    given(ENROLLED).when(pause, pause, resume, resume, revoke, revoke).then(
        WorkerPaused(), WorkerResumed(), WorkerRevoked()
    )


def test_only_the_current_session_speaks() -> None:
    """An older session's words are refused."""
    state = given(ENROLLED, connected(), GONE, connected(epoch=2)).state
    require_epoch(state, "w1", 2)
    with pytest.raises(StaleEpochRefusal):
        require_epoch(state, "w1", 1)
