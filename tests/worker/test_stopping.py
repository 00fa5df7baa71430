"""A request to end a run: its first reason stands, and it only becomes more urgent."""

import asyncio

from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb
from buildledger.worker.runs.stopping import StopRequest

POLICY = ((pb.STOP_LEVEL_INTERRUPT, 60.0), (pb.STOP_LEVEL_TERMINATE, 60.0), (pb.STOP_LEVEL_KILL, 0.0))


def test_the_first_reason_stands() -> None:
    """A more urgent request raises the level and takes its grace, but doesn't change why the run ends."""
    stop = StopRequest()
    stop.make(pb.EXIT_REASON_MAX_TIME, pb.STOP_LEVEL_INTERRUPT, 5.0)
    stop.make(pb.EXIT_REASON_CANCEL, pb.STOP_LEVEL_KILL, 1.0)
    assert (stop.reason, stop.level, stop.grace_seconds) == (pb.EXIT_REASON_MAX_TIME, pb.STOP_LEVEL_KILL, 1.0)


def test_a_weaker_request_changes_nothing() -> None:
    """Neither the level nor the grace of the request before it."""
    stop = StopRequest()
    stop.make(pb.EXIT_REASON_CANCEL, pb.STOP_LEVEL_TERMINATE, 5.0)
    stop.make(pb.EXIT_REASON_CANCEL, pb.STOP_LEVEL_INTERRUPT, 1.0)
    assert (stop.level, stop.grace_seconds) == (pb.STOP_LEVEL_TERMINATE, 5.0)


async def test_more_urgency_skips_levels() -> None:
    """The policy's grace isn't waited out when a higher level is asked for."""
    stop = StopRequest()
    stop.make(pb.EXIT_REASON_CANCEL, pb.STOP_LEVEL_INTERRUPT)
    seen = []
    async with asyncio.timeout(30):
        async for level in stop.levels_of(POLICY):
            seen.append(level)
            stop.make(pb.EXIT_REASON_CANCEL, pb.STOP_LEVEL_KILL)
    assert seen == [pb.STOP_LEVEL_INTERRUPT, pb.STOP_LEVEL_KILL]


async def test_a_grace_of_the_request_replaces_the_policys() -> None:
    """A request with no grace goes through all levels at once."""
    stop = StopRequest()
    stop.make(pb.EXIT_REASON_CANCEL, pb.STOP_LEVEL_INTERRUPT, 0.0)
    async with asyncio.timeout(30):
        assert [level async for level in stop.levels_of(POLICY)] == [level for level, _ in POLICY]
