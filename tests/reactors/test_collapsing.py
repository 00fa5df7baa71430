"""One build for several requests that want the same."""

from __future__ import annotations

from pathlib import Path

from buildledger.domain.request import CancelRequest
from buildledger.domain.worker import PauseWorker, ResumeWorker
from buildledger.events.build import BuildAssigned
from buildledger.events.ids import change_id
from buildledger.events.operation import Ended
from buildledger.events.request import RequestCollapsed
from buildledger.events.results import Result
from tests.reactors.builders_and_workers import BUILDERS, on
from tests.reactors.world import world


async def test_the_newest_request_serves_all_with_its_key(tmp_path: Path) -> None:
    """One build for three requests: of the newest revision, with all their changes, and it answers them all."""
    async with world(tmp_path, BUILDERS, workers=[]) as w:
        requests = [
            await w.force(collapse_key="main", stamps=(on("main", str(n)),), changes=(change_id("widget", str(n)),))
            for n in range(3)
        ]
        other = await w.force(collapse_key="topic")
        await w.connect("w1")
        first, *_ = w.facts(BuildAssigned)
        assert first.requests == (requests[2], requests[0], requests[1])
        assert first.stamps[0].revision == "2"
        assert first.changes == tuple(change_id("widget", str(n)) for n in range(3))
        assert w.facts(RequestCollapsed) == [RequestCollapsed(into=requests[2])] * 2
        await w.finish_all()
        assert w.answers() == dict.fromkeys([*requests, other], Result.SUCCESS)


async def test_what_was_collapsed_stays_together_over_a_retry(tmp_path: Path) -> None:
    """The next attempt serves all the requests of the one that was lost, and newer ones take them over."""
    async with world(tmp_path, BUILDERS, workers=[]) as w:
        requests = [await w.force(collapse_key="main") for _ in range(2)]
        await w.connect("w1")
        await w.do(PauseWorker(worker="w1"))
        await w.finish(Ended(reason="interrupted"))
        requests.append(await w.force(collapse_key="main"))
        await w.do(ResumeWorker(worker="w1"))
        assert w.facts(BuildAssigned)[-1].requests == (requests[2], requests[1], requests[0])
        await w.finish_all()
        assert w.answers() == dict.fromkeys(requests, Result.SUCCESS)


async def test_what_was_collapsed_into_a_cancelled_request_is_answered(tmp_path: Path) -> None:
    """Nothing waits for ever for a build that never comes."""
    async with world(tmp_path, BUILDERS, workers=[]) as w:
        requests = [await w.force(collapse_key="main") for _ in range(2)]
        await w.connect("w1")
        await w.do(PauseWorker(worker="w1"))
        await w.finish(Ended(reason="interrupted"))
        await w.do(CancelRequest(request_id=requests[1], reason="not wanted"))
        assert w.answers() == dict.fromkeys(requests, Result.CANCELLED)
