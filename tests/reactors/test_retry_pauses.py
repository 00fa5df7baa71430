"""Pauses between the attempts of a request: they follow from the ledger, and so outlast whatever happens meanwhile."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from buildledger.domain.request import CancelRequest
from buildledger.events.operation import Ended
from buildledger.events.results import Result
from buildledger.reactors.scheduling.retry_pauses import RETRY_PAUSE_SECONDS
from tests.reactors.world import SIMPLE, with_config, world

REFUSED = Ended(reason="rejected")
FIRST, SECOND = RETRY_PAUSE_SECONDS[:2]
TWO_BUILDERS = SIMPLE.replace("triggers:", "  lint: {steps: [{run: [lint]}]}\ntriggers:")


async def test_a_restart_ends_no_pause(tmp_path: Path) -> None:
    """The next attempt begins when it would have begun, and once; a pause that ended meanwhile is over."""
    async with world(tmp_path, workers=["w1"]) as w:
        await w.force()
        await w.finish(REFUSED)
        await w.runner.save()
        for _ in range(3):
            await w.restart()
            assert w.open_operations() == []
        await w.pass_time(FIRST - 0.5)
        assert w.open_operations() == []
        await w.pass_time(0.5)
        assert len(w.open_operations()) == 1
        # the pause begins, and ends, while no reactor runs
        await w.restart()
        await w.finish(REFUSED)
        assert w.open_operations() == []
        w.clock.advance(SECOND)
        await w.restart()
        assert len(w.open_operations()) == 1
        await w.finish(REFUSED)
        assert w.results() == [Result.RETRY, Result.RETRY, Result.EXCEPTION]


async def test_another_configuration_ends_no_pause(tmp_path: Path) -> None:
    """Neither while a request pauses, nor while the build runs that is lost then."""
    async with world(tmp_path, workers=["w1"]) as w:
        await w.force()
        await w.apply(with_config(SIMPLE.replace("Test", "Two")))
        await w.runner.settle()
        await w.finish(REFUSED)
        assert w.open_operations() == []
        await w.apply(with_config(SIMPLE.replace("Test", "Three")))
        await w.runner.settle()
        assert w.open_operations() == []
        await w.pass_time(FIRST)
        assert len(w.open_operations()) == 1


async def test_a_clock_that_is_set_prolongs_no_pause(tmp_path: Path) -> None:
    """Set back by a year, the next attempt begins after at most the whole pause."""
    async with world(tmp_path, workers=["w1"]) as w:
        await w.force()
        await w.finish(REFUSED)
        w.clock.set(w.clock.now() - timedelta(days=365))
        await w.runner.settle()
        assert w.open_operations() == []
        await w.pass_time(FIRST)
        assert len(w.open_operations()) == 1


async def test_a_request_of_another_builder_ends_no_pause(tmp_path: Path) -> None:
    """Only requests that the same build may answer are built together."""
    async with world(tmp_path, TWO_BUILDERS, workers=["w1"]) as w:
        await w.force(collapse_key="main")
        await w.finish(REFUSED)
        await w.force("lint", collapse_key="main")
        assert w.builders() == ["tests", "lint"]
        await w.finish_all()
        await w.force(collapse_key="main")
        assert w.builders() == ["tests", "lint", "tests"]


async def test_requests_that_one_build_answers_stay_together(tmp_path: Path) -> None:
    """A restart lets nobody be built before an older request that the same build answers."""
    async with world(tmp_path, workers=["w1"]) as w:
        older = await w.force(collapse_key="main")
        await w.finish(REFUSED)
        await w.disconnect()
        await w.force(collapse_key="main")
        await w.restart()
        await w.connect()
        await w.finish_all()
        assert w.builders() == ["tests", "tests"]
        assert w.answers()[older] is Result.SUCCESS


async def test_a_request_that_pauses_can_be_cancelled(tmp_path: Path) -> None:
    """It ends at once, after a restart as well, and is never built again."""
    async with world(tmp_path, workers=["w1"]) as w:
        request = await w.force()
        await w.finish(REFUSED)
        await w.restart()
        await w.do(CancelRequest(request_id=request, reason="not wanted"))
        await w.pass_time(SECOND)
        assert w.answers() == {request: Result.CANCELLED}
        assert w.builders() == ["tests"]
