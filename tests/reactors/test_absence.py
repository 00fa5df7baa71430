"""Workers that should be there and aren't."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from buildledger.domain.machine import EndMachine
from buildledger.events.machine import MachineStopRequested
from buildledger.events.worker import WorkerDisconnected, WorkerMissing, WorkerReturned
from buildledger.testing.configuration import load_text
from tests.reactors.configurations import ELASTIC
from tests.reactors.world import world

MISSED = ELASTIC.replace("w1: {labels: {os: linux}}", "w1: {labels: {os: linux}, missing_after: 5m}")


async def test_a_worker_that_stays_away_is_reported_once(tmp_path: Path) -> None:
    """With the time it went; its return is reported too."""
    async with world(tmp_path, MISSED) as w:
        await w.disconnect()
        await w.pass_time(299)
        assert w.facts(WorkerMissing) == []
        await w.pass_time(2)
        (gone,) = w.recorded(WorkerDisconnected)
        assert w.facts(WorkerMissing) == [WorkerMissing(worker="w1", epoch=1, since=gone.meta.recorded_at)]
        await w.restart()
        await w.pass_time(3600)
        assert len(w.facts(WorkerMissing)) == 1
        await w.connect()
        assert w.facts(WorkerReturned) == [WorkerReturned(worker="w1", epoch=2)]
        await w.pass_time(3600)
        assert len(w.facts(WorkerMissing)) == 1


async def test_nobody_is_missing_while_there_is_no_server_to_come_to(tmp_path: Path) -> None:
    """The time begins anew when the server is back."""
    async with world(tmp_path, MISSED) as w:
        await w.disconnect()
        w.clock.advance(3600)
        await w.restart()
        assert w.facts(WorkerMissing) == []
        await w.pass_time(301)
        assert len(w.facts(WorkerMissing)) == 1


async def test_whom_the_configuration_does_not_know_is_not_missed(tmp_path: Path) -> None:
    """Neither one that was taken out, nor one with `missing_after: never`, whatever the file said before."""
    async with world(tmp_path, MISSED) as w:
        await w.disconnect()
        await w.apply(load_text(MISSED.replace("missing_after: 5m", "missing_after: never")))
        await w.pass_time(3600)
        assert w.facts(WorkerMissing) == []


async def test_an_elastic_worker_is_missed_only_while_it_should_run(tmp_path: Path) -> None:
    """One that was stopped isn't there because nobody needs it; one whose machine runs has gone astray."""
    async with world(tmp_path, MISSED, workers=()) as w:
        await w.force()
        await w.machine_connects("cloud-1")
        await w.finish_all()
        await w.pass_time(61)
        assert len(w.facts(MachineStopRequested)) == 1
        await w.disconnect("cloud-1")
        first = timedelta(seconds=30)
        await w.do(EndMachine(worker="cloud-1", start=1, reason="gone", at=w.clock.now(), first_quarantine=first))
        await w.pass_time(3600)
        assert w.facts(WorkerMissing) == []
        await w.force()
        await w.connect("cloud-1")
        await w.disconnect("cloud-1")
        await w.pass_time(601)
        assert [fact.worker for fact in w.facts(WorkerMissing)] == ["cloud-1"]
