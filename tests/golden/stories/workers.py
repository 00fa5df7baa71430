"""What workers, their credentials and their machines tell."""

from __future__ import annotations

from datetime import timedelta

from buildledger.events import (
    machine,
    worker,
)
from buildledger.events.fact import Fact
from tests.golden.stories.values import AT, BUILD, DIGEST, SERVER

STORIES: dict[str, tuple[Fact, ...]] = {
    "worker": (
        worker.WorkerEnrolled(worker="w1", credential_digest=DIGEST),
        worker.WorkerConnected(
            worker="w1",
            epoch=1,
            server_id=SERVER,
            boot_id="boot",
            instance_id="instance",
            version="0.1.0",
            os="linux",
            arch="x86_64",
            labels={"python": "3.12"},
            capacity=2,
            features=("journal",),
            address="127.0.0.1",
        ),
        worker.WorkerPausedV1(reason="maintenance"),
        worker.WorkerDisconnected(epoch=1, reason="silent"),
        worker.WorkerLost(epoch=1),
        worker.WorkerResumed(),
        worker.WorkerRevoked(reason="stolen"),
    ),
    "credential": (
        worker.WorkerEnrolled(
            worker="w1", credential_digest=DIGEST, serial="0a1b", public_key="a2V5", expires_at=AT + timedelta(days=1)
        ),
        worker.WorkerCredentialRotated(
            worker="w1",
            credential_digest=DIGEST[::-1],
            serial="0a1c",
            public_key="a2V5Mg==",
            expires_at=AT + timedelta(days=2),
            previous_digest=DIGEST,
            previous_expires_at=AT + timedelta(hours=13),
        ),
        worker.WorkerCredentialExpired(worker="w1", credential_digest=DIGEST[::-1]),
    ),
    "missing-worker": (
        worker.WorkerMissing(worker="w1", epoch=1, since=AT),
        worker.WorkerReturned(worker="w1", epoch=2),
    ),
    "worker-pauses": (
        worker.WorkerPausedV1(reason="the worker asked to drain: terminated"),
        worker.WorkerResumed(),
        worker.WorkerPaused(by=worker.PausedBy.WORKER, reason="the worker asked to drain: terminated"),
        worker.WorkerResumed(),
        worker.WorkerPaused(by=worker.PausedBy.PERSON),
    ),
    "worker-contradicts": (
        worker.WorkerLedgerContradicted(worker="w1", head_position=812, head_digest=DIGEST, ledger_position=640),
    ),
    "enrollment": (
        worker.EnrollmentIssued(token_digest=DIGEST, worker="w1", expires_at=AT),
        worker.EnrollmentUsed(worker="w1"),
    ),
    "machine": (
        machine.MachineStartRequested(
            worker="w2", start=1, settings='{"driver":"local"}', reason="1 build of tests waits"
        ),
        machine.MachineStarted(worker="w2", start=1, place="process 4711"),
        machine.MachineIdle(worker="w2", start=1),
        machine.MachineIdle(worker="w2", start=1, after=BUILD),
        machine.MachineStopRequested(worker="w2", start=1, reason="idle for 10m"),
        machine.MachineStopped(worker="w2", start=1, reason="exited with 0"),
        machine.MachineStartRequested(worker="w2", start=2, settings='{"driver":"local"}', reason="1 build waits"),
        machine.MachineStartFailed(worker="w2", start=2, reason="exited with 2"),
        machine.MachineQuarantined(worker="w2", until=AT, failures=1, reason="exited with 2"),
        machine.MachineStopped(worker="w2", start=2, reason="exited with 2"),
        machine.MachineReleased(worker="w2", reason="the time is over"),
    ),
}
