"""Builds that were lost to infrastructure are tried again, elsewhere if they can be, and not for ever."""

from __future__ import annotations

from pathlib import Path

from buildledger.domain.build import StopBuild
from buildledger.events.build import (
    BuildAssigned,
    BuildFinished,
)
from buildledger.events.ids import BuildId, RequestId
from buildledger.events.operation import Ended
from buildledger.events.request import RequestReturned
from buildledger.events.results import Result
from buildledger.reactors.scheduling.retry_pauses import RETRY_PAUSE_SECONDS
from buildledger.reactors.scheduling.scheduler import Scheduler
from tests.reactors.world import SIMPLE, World, world


async def test_lost_infrastructure_is_tried_again_twice_and_then_given_up(tmp_path: Path) -> None:
    """Each attempt is a build of its own; the last one answers the request with an exception that says why."""
    async with world(tmp_path, workers=["w1", "w2"]) as w:
        request = await w.force()
        for seconds in RETRY_PAUSE_SECONDS[:3]:
            await w.finish_all(Ended(reason="interrupted"))
            await w.pass_time(seconds)
        assert w.results() == [Result.RETRY, Result.RETRY, Result.EXCEPTION]
        assert [fact.attempt for fact in w.facts(BuildAssigned)] == [1, 2, 3]
        assert w.answers() == {request: Result.EXCEPTION}
        assert "given up after 3 attempts" in w.facts(BuildFinished)[-1].summary


def why(w: World, request: RequestId) -> str:
    """Why a request waits."""
    (scheduler,) = (each for each in w.runner.reactors if isinstance(each, Scheduler))
    reason = scheduler.explain(request)
    assert reason is not None
    return reason.text


async def test_what_fails_at_once_is_not_tried_again_at_once(tmp_path: Path) -> None:
    """Three attempts take their time; a build that was lost after a while is tried again without a pause."""
    async with world(tmp_path, workers=["w1"]) as w:
        request = await w.force()
        began = w.clock.now()
        for seconds in RETRY_PAUSE_SECONDS[:2]:
            await w.finish(Ended(reason="rejected"))
            assert w.open_operations() == []
            assert "tried again after a pause" in why(w, request)
            await w.pass_time(seconds)
            assert len(w.open_operations()) == 1
        assert (w.clock.now() - began).total_seconds() == sum(RETRY_PAUSE_SECONDS[:2])
        await w.finish(Ended(reason="rejected"))
        assert w.results() == [Result.RETRY, Result.RETRY, Result.EXCEPTION]
        await w.force()
        await w.pass_time(RETRY_PAUSE_SECONDS[0])
        await w.finish(Ended(reason="interrupted"))
        assert len(w.open_operations()) == 1


async def test_the_next_attempt_goes_elsewhere_if_it_can(tmp_path: Path) -> None:
    """A worker that lost the build gets it again only if there is no other."""
    async with world(tmp_path, workers=["w1", "w2"]) as w:
        await w.force()
        await w.finish(Ended(reason="interrupted"))
        await w.pass_time(RETRY_PAUSE_SECONDS[0])
        first, second = w.facts(BuildAssigned)
        assert {first.worker, second.worker} == {"w1", "w2"}
        assert second.fence > first.fence


async def test_a_stopped_build_is_never_tried_again(tmp_path: Path) -> None:
    """Whoever wanted it to end doesn't get another one because the worker was lost meanwhile."""
    async with world(tmp_path) as w:
        request = await w.force()
        await w.do(StopBuild(build_id=BuildId(w.recorded(BuildAssigned)[-1].stream_id), reason="not wanted"))
        await w.finish(Ended(reason="lost"))
        assert w.answers() == {request: Result.CANCELLED}
        assert w.facts(RequestReturned) == []


async def test_retries_can_be_switched_off(tmp_path: Path) -> None:
    """With a limit of none the first loss is the answer."""
    text = SIMPLE.replace("    steps:", "    retry: {max: 0}\n    steps:")
    async with world(tmp_path, text) as w:
        request = await w.force()
        await w.finish(Ended(reason="worker_shutdown"))
        assert w.answers() == {request: Result.EXCEPTION}
