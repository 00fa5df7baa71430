"""Heads of the ledger that workers keep: a server whose ledger went back, or is another one, is noticed by them."""

import logging
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from buildledger.events.worker import WorkerConnected, WorkerLedgerContradicted
from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb
from buildledger.slave_grpc.sessions.ledger_heads import TOLD_SECONDS, LedgerHeads, ToldHeads
from tests.slave_grpc.raw_worker import RawWorker
from tests.slave_grpc.service import Installation
from tests.slave_grpc.worker_programs import PROGRAMS, worker_program
from tests.worker.conftest import eventually


def put_back(directory: Path) -> None:
    """Put the ledger of before in the place of the one that is there."""
    for path in directory.glob("ledger.db*"):
        path.unlink()
    (directory / "former.db").rename(directory / "ledger.db")


async def came(installation: Installation, **hello: object) -> pb.Welcome:
    """What a worker is told that says this of itself."""
    worker = RawWorker(installation.port, "bob", instance_id="same")
    welcome = await worker.connect(**hello)
    await worker.close()
    return welcome


async def test_a_head_that_holds_is_no_news(installation: Installation) -> None:
    """A worker is given the newest head, covering its own coming; a worker that shows it, or none, is told nothing."""
    await installation.enroll("bob")
    first = await came(installation)
    link = installation.ledger.store.chain(first.ledger_head.position - 1, 1)[0]
    assert (first.ledger_head.position, first.ledger_head.digest) == (link.last_position, link.head)
    second = await came(installation, ledger_head=first.ledger_head)
    assert second.ledger_head.position > first.ledger_head.position
    assert [first.ledger_contradicted, second.ledger_contradicted] == [False, False]
    assert installation.facts(WorkerLedgerContradicted) == []


@pytest.mark.parametrize("ahead", [0, 1_000])
async def test_a_head_that_does_not_hold_is_noticed(
    installation: Installation, caplog: pytest.LogCaptureFixture, ahead: int
) -> None:
    """Other facts up to there, or none: the worker is told and let in; it is logged, and recorded once for a head."""
    await installation.enroll("bob")
    head = (await came(installation)).ledger_head
    held = pb.LedgerHead(position=head.position + ahead, digest=b"\x01" * 32)
    with caplog.at_level(logging.ERROR):
        for _ in range(2):
            welcome = await came(installation, ledger_head=held)
            assert welcome.ledger_contradicted
            assert welcome.ledger_head.position > head.position
    assert "facts are missing from its end" in caplog.text if ahead else "holds other facts up to there" in caplog.text
    (fact,) = installation.facts(WorkerLedgerContradicted)
    assert isinstance(fact, WorkerLedgerContradicted)
    assert (fact.worker, fact.head_position, fact.head_digest) == ("bob", held.position, held.digest.hex())
    assert (fact.ledger_position < held.position) is bool(ahead)


@pytest.mark.parametrize("head", [pb.LedgerHead(position=1), pb.LedgerHead(position=2**60, digest=b"1" * 32)])
async def test_what_no_server_gave_is_refused(installation: Installation, head: pb.LedgerHead) -> None:
    """A head without a digest, or beyond what any ledger holds."""
    await installation.enroll("bob")
    worker = RawWorker(installation.port, "bob")
    await worker.hello(ledger_head=head)
    refused = (await worker.expect("error")).error
    assert (refused.code, refused.fatal) == (pb.ERROR_CODE_PROTOCOL_VIOLATION, True)
    await worker.close()


async def test_replies_to_heartbeats_tell_newer_heads(installation: Installation) -> None:
    """Now and then, only newer ones, and without reading anything."""
    heads = LedgerHeads(installation.ledger)
    await installation.enroll("bob")
    first = await heads.refresh()
    assert first is not None
    told = ToldHeads(heads, first, at=0.0)
    assert told.due(TOLD_SECONDS) is None
    await installation.enroll("ann")
    assert heads.newest == first
    newer = await heads.refresh()
    assert told.due(TOLD_SECONDS - 1) is None
    assert told.due(TOLD_SECONDS) == newer
    assert told.due(10 * TOLD_SECONDS) is None


@pytest.mark.parametrize("language", PROGRAMS)
async def test_every_worker_notices_a_server_that_went_back(
    installation: Installation, tmp_path: Path, language: str
) -> None:
    """Its ledger is one of before: the worker is refused with what to do, which is recorded; once somebody has said so
    it is let in at its first try, however far behind the ledger is, says so as well, and keeps what it had aside."""
    await installation.issue_token("token")
    server = ("--server", f"127.0.0.1:{installation.port}")
    directory = tmp_path / "worker"
    async with worker_program(language, directory, *server, "--token", "token"):
        await installation.wait_for(WorkerConnected)
        await eventually(lambda: (directory / "state" / "ledger-head").is_file())
    await installation.stop()
    shutil.copy(tmp_path / "ledger.db", tmp_path / "former.db")
    installation.open()
    await installation.start()
    async with worker_program(language, directory, *server):
        await installation.wait_for(WorkerConnected, 2)
        kept = (directory / "state" / "ledger-head").read_text()
        await eventually(lambda: (directory / "state" / "ledger-head").read_text() != kept)
    kept = (directory / "state" / "ledger-head").read_text()
    assert (directory / "state" / "epoch").read_text().strip() == "2"
    (directory / "state" / "epoch").write_text("57")
    await installation.stop()
    put_back(tmp_path)
    installation.open()
    await installation.start()
    async with worker_program(language, directory, *server):
        fact = await installation.wait_for(WorkerLedgerContradicted)
        assert f"{fact.head_position} {fact.head_digest}\n" == kept
        await eventually(lambda: "start the server with `--restored`" in (directory / "log").read_text())
        assert (directory / "state" / "ledger-head").read_text() == kept
        assert len(installation.facts(WorkerConnected)) == 1
    await installation.stop()
    installation.settings = replace(installation.settings, restored=True)
    installation.open()
    await installation.start()
    async with worker_program(language, directory, *server):
        assert (await installation.wait_for(WorkerConnected, 2)).epoch == 58
        await eventually(lambda: (directory / "state" / "ledger-head.contradicted").is_file())
        assert (directory / "state" / "ledger-head.contradicted").read_text() == kept
        await eventually(lambda: (directory / "state" / "ledger-head").is_file())
    assert "ledger went back, or was altered" in (directory / "log").read_text()
