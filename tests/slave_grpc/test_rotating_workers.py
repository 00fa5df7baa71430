"""The workers of all three languages renew their credentials in mid-run, and nobody notices."""

import hashlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from buildledger.domain.worker import RevokeWorker
from buildledger.events.build import OperationStarted
from buildledger.events.operation import Run, Text
from buildledger.events.worker import (
    WorkerConnected,
    WorkerCredentialExpired,
    WorkerCredentialRotated,
    WorkerDisconnected,
    WorkerEnrolled,
)
from buildledger.settings import AutoTls
from buildledger.slave_grpc.identity.credential_issuer import token_with_ca
from buildledger.slave_grpc.settings import WorkerServiceSettings
from tests.fakes.cutting_proxy import CuttingProxy
from tests.slave_grpc.service import Installation, in_the_present
from tests.slave_grpc.worker_programs import PROGRAMS, worker_program

LIFE_SECONDS, OVERLAP_SECONDS = 10.0, 4.0
GATED = """
i=0; while [ $i -lt 2000 ]; do echo "before $i"; i=$((i+1)); done
while [ ! -e "$GATE" ]; do sleep 0.05; done
i=0; while [ $i -lt 2000 ]; do echo "after $i"; i=$((i+1)); done
"""
WRITTEN = b"".join(b"%s %d\n" % (word, i) for word in (b"before", b"after") for i in range(2000))


@pytest.fixture
async def short_lived(tmp_path: Path) -> AsyncIterator[Installation]:
    """A service whose credentials last for seconds, with a port that takes certificates only."""
    async with in_the_present(
        tmp_path / "server",
        WorkerServiceSettings(tls=AutoTls(), credential_seconds=LIFE_SECONDS, overlap_seconds=OVERLAP_SECONDS),
    ) as installation:
        yield installation


@pytest.mark.parametrize("language", PROGRAMS)
async def test_rotation_in_mid_run(short_lived: Installation, tmp_path: Path, language: str) -> None:
    """Told nothing but a token, a worker enrolls over verified TLS, comes with its certificate, renews it again and
    again, is cut off and comes back with the latest one: the step runs once, and every byte of it arrives. Revoked, it
    is out at once."""
    installation, gate = short_lived, tmp_path / "gate"
    assert installation.authority is not None
    await installation.issue_token("token")
    proxy = CuttingProxy(installation.service.mutual_port)
    await proxy.start()
    operation = await installation.operation(
        await installation.build("bob"), Run(script=GATED, env={"GATE": Text(value=str(gate))})
    )
    addresses = ("--server", proxy.address, "--enroll-at", f"127.0.0.1:{installation.port}")
    token = token_with_ca("token", installation.authority.certificate_der)
    try:
        async with worker_program(language, tmp_path / "worker", *addresses, "--token", token):
            await installation.wait_for(OperationStarted)
            await installation.wait_for(WorkerCredentialRotated)
            proxy.cut()
            await installation.wait_for(WorkerConnected, 2)
            await installation.wait_for(WorkerCredentialRotated, 2)
            gate.touch()
            ended = await installation.ended(operation)
            assert (ended.reason, ended.exit_code) == ("exited", 0), ended
            assert [output.sha256 for output in ended.outputs] == [hashlib.sha256(WRITTEN).hexdigest()]
            assert len(installation.facts(OperationStarted)) == 1
            assert len(installation.facts(WorkerEnrolled)) == 1
            assert installation.facts(WorkerCredentialExpired) == []
            await installation.execute(RevokeWorker(worker="bob"))
            reasons = [fact.reason for fact in installation.facts(WorkerDisconnected)]  # type: ignore[attr-defined]
            assert (await installation.wait_for(WorkerDisconnected, len(reasons) + 1)).reason == "revoked"
            assert len(installation.facts(WorkerConnected)) == 2
    except BaseException:
        print((tmp_path / "worker" / "log").read_text())  # noqa: T201 - why it failed
        raise
    finally:
        await proxy.stop()
