"""Workers that don't come back, and what they held."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from buildledger.domain.server import LoseServer, StartServer
from buildledger.domain.worker import DisconnectWorker, ExpireLease, PauseWorker
from buildledger.events.build import BuildAssigned, OperationFinished, OperationStarted
from buildledger.events.ids import ServerId, request_id
from buildledger.events.operation import Ended
from buildledger.events.results import Result
from buildledger.events.worker import WorkerDisconnected, WorkerLost, WorkerMissing
from buildledger.reactors.scheduling.retry_pauses import RETRY_PAUSE_SECONDS
from tests.reactors.world import PASSED, SIMPLE, world

FOUND = (
    '{"build_id":"00000000-0000-0000-0000-000000000001","builder":"tests","number":1,"artifact":"dist",'
    '"sha256":"0","size_bytes":1,"directory":false,"mode":420,"pages":0}'
)
OTHER_SERVER = ServerId(request_id("another server"))


async def test_a_worker_that_stays_away_loses_its_build(tmp_path: Path) -> None:
    """After the lease its operation ends as lost and the build is tried elsewhere."""
    async with world(tmp_path, workers=["w1"]) as w:
        request = await w.force()
        await w.disconnect()
        await w.connect("w2")
        await w.pass_time(89)
        assert w.facts(WorkerLost) == []
        await w.pass_time(2)
        assert w.facts(WorkerLost) == [WorkerLost(epoch=1)]
        assert w.facts(OperationFinished)[0].ended.reason == "lost"
        assert [fact.worker for fact in w.facts(BuildAssigned)] == ["w1", "w2"]
        await w.finish_all()
        assert w.results() == [Result.RETRY, Result.SUCCESS]
        assert w.answers() == {request: Result.SUCCESS}


async def test_a_worker_that_comes_back_in_time_goes_on(tmp_path: Path) -> None:
    """Nothing is lost, and the lease of the old session never runs out."""
    async with world(tmp_path) as w:
        await w.force()
        await w.disconnect()
        await w.pass_time(80)
        await w.connect()
        await w.pass_time(1000)
        assert w.facts(WorkerLost) == []
        await w.finish_all()
        assert w.results() == [Result.SUCCESS]
        assert len(w.facts(BuildAssigned)) == 1


async def test_a_server_that_is_held_for_dead_keeps_no_worker_that_it_let_in_afterwards(tmp_path: Path) -> None:
    """Its last command may come after the others have given it up; nobody would ever miss that session."""
    async with world(tmp_path, workers=[]) as w:
        await w.do(StartServer(server_id=OTHER_SERVER, version="1", roles=("gateway",)))
        await w.do(LoseServer(server_id=OTHER_SERVER, term=1, reason="silent"))
        await w.connect("w1", server_id=OTHER_SERVER)
        assert [fact.reason for fact in w.facts(WorkerDisconnected)] == ["server_lost"]
        await w.do(StartServer(server_id=OTHER_SERVER, version="1", roles=("gateway",)))
        await w.connect("w1", server_id=OTHER_SERVER, instance_id="two")
        assert len(w.facts(WorkerDisconnected)) == 1


async def test_an_absent_worker_gets_no_build(tmp_path: Path) -> None:
    """What waits, waits until it is back."""
    async with world(tmp_path) as w:
        await w.disconnect()
        await w.force()
        assert w.builders() == []
        await w.connect()
        assert w.builders() == ["tests"]


async def test_no_lease_runs_while_no_server_is_there(tmp_path: Path) -> None:
    """After a long outage of the server the workers get the whole lease to come back."""
    async with world(tmp_path) as w:
        await w.force()
        await w.disconnect()
        w.clock.advance(3600)
        await w.restart()
        await w.pass_time(89)
        assert w.facts(WorkerLost) == []
        await w.pass_time(2)
        assert w.facts(WorkerLost) == [WorkerLost(epoch=1)]


async def test_sessions_of_a_server_that_is_gone_are_over(tmp_path: Path) -> None:
    """At its start a server disconnects the workers of one that was killed, and their leases begin."""
    async with world(tmp_path, workers=[]) as w:
        await w.connect(server_id=OTHER_SERVER)
        await w.restart()
        assert w.facts(WorkerDisconnected) == [WorkerDisconnected(epoch=1, reason="server_lost")]
        await w.pass_time(91)
        assert w.facts(WorkerLost) == [WorkerLost(epoch=1)]


async def test_what_is_asked_of_a_lost_worker_is_lost_at_once(tmp_path: Path) -> None:
    """A build that was between two operations when its worker was lost doesn't wait for ever."""
    text = SIMPLE.replace('- run: ["true"]', '- run: ["true"]\n      - run: ["true"]')
    async with world(tmp_path, text) as w:
        await w.force()
        (operation,) = w.open_operations()
        await w.report(operation, PASSED)
        await w.command(DisconnectWorker(worker="w1", epoch=1, reason="silent"))
        await w.command(ExpireLease(worker="w1", epoch=1))
        await w.runner.settle()
        assert w.results() == [Result.RETRY]
        assert [fact.ended.reason for fact in w.facts(OperationFinished)] == ["exited", "lost"]


async def test_a_worker_that_says_it_was_interrupted_is_believed_at_once(tmp_path: Path) -> None:
    """No lease has to run out: the build is tried again in the same moment, if it wasn't begun just now."""
    async with world(tmp_path) as w:
        await w.force()
        await w.pass_time(RETRY_PAUSE_SECONDS[0])
        await w.finish(Ended(reason="interrupted"))
        assert w.results() == [Result.RETRY]
        assert len(w.facts(BuildAssigned)) == 2
        await w.finish_all()
        assert w.results() == [Result.RETRY, Result.SUCCESS]


async def test_a_late_report_of_a_lost_operation_changes_nothing(tmp_path: Path) -> None:
    """The first end counts; the retry goes on undisturbed."""
    async with world(tmp_path) as w:
        await w.force()
        (late,) = w.open_operations()
        await w.do(PauseWorker(worker="w2"))
        await w.disconnect()
        await w.pass_time(91)
        await w.report(late, Ended(reason="exited", exit_code=1))
        await w.connect()
        await w.finish_all()
        assert w.results() == [Result.RETRY, Result.SUCCESS]
        assert len(w.facts(OperationStarted)) == 1


async def test_what_the_server_does_itself_outlives_the_worker(tmp_path: Path) -> None:
    """An operation of the server isn't lost with the worker, nor by a restart; what the worker is asked next is."""
    text = SIMPLE.replace('run: ["true"]', "{download: dist, from: build}")
    async with world(tmp_path, text, workers=["w1"]) as w:
        await w.force()
        await w.disconnect()
        await w.pass_time(91)
        assert w.facts(WorkerLost) == [WorkerLost(epoch=1)]
        await w.restart()
        (open_still,) = w.open_operations()
        assert w.facts(OperationFinished) == []
        await w.report(open_still, Ended(reason="exited", exit_code=0, text=FOUND))
        await w.runner.settle()
        assert [fact.ended.reason for fact in w.facts(OperationFinished)] == ["exited", "lost"]
        assert w.results() == [Result.RETRY]


@pytest.mark.parametrize("restarts", [False, True])
async def test_a_clock_that_was_once_ahead_lets_leases_run_out(tmp_path: Path, restarts: bool) -> None:
    """A worker that left while the clock was 400 days ahead is lost after its lease, not after 400 days."""
    async with world(tmp_path) as w:
        right = w.clock.now()
        w.clock.set(right + timedelta(days=400))
        await w.force()
        await w.disconnect()
        w.clock.set(right)
        if restarts:
            await w.restart()
        await w.runner.settle()
        await w.pass_time(89)
        assert w.facts(WorkerLost) == []
        await w.pass_time(2)
        assert w.facts(WorkerLost) == [WorkerLost(epoch=1)]


async def test_a_clock_that_is_set_ahead_takes_no_builds_away(tmp_path: Path) -> None:
    """A lease is time that passes: a worker that is away for a moment has all of it, whatever clocks do."""
    async with world(tmp_path) as w:
        await w.force()
        await w.disconnect()
        w.clock.set(w.clock.now() + timedelta(days=400))
        await w.runner.settle()
        await w.pass_time(80)
        await w.connect()
        await w.finish_all()
        assert w.facts(WorkerLost) == []
        assert w.results() == [Result.SUCCESS]


async def test_a_clock_that_was_once_ahead_reports_missing_workers(tmp_path: Path) -> None:
    """`missing_after` counts from when the clock was right again."""
    text = SIMPLE.replace("w1: {labels: {os: linux}}", "w1: {labels: {os: linux}, missing_after: 10m}")
    async with world(tmp_path, text) as w:
        right = w.clock.now()
        w.clock.set(right + timedelta(days=400))
        await w.disconnect()
        w.clock.set(right)
        await w.runner.settle()
        await w.pass_time(601)
        assert len(w.facts(WorkerMissing)) == 1
