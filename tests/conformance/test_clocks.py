"""How much time the kit finds between two events of a run."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest
from google.protobuf.duration_pb2 import Duration

from buildledger.conformance.case_context import CaseContext, CaseFailedError
from buildledger.conformance.record import Stored
from buildledger.conformance.steps.clocks import CheckInterval
from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb


def context(*events: Stored) -> CaseContext:
    """All that the step asks of a case."""
    return cast(CaseContext, SimpleNamespace(patience=1.0, record=lambda run: SimpleNamespace(stored=list(events))))


async def judged(*events: Stored, **limits: Any) -> None:
    """Let the step look at a run that starts and is stopped."""
    step = CheckInterval.model_validate({"run": "a", "from": "started", "to": "stopping", **limits})
    await step.execute(context(*events))


async def test_a_worker_that_tells_no_times_is_measured_by_arrivals() -> None:
    """What came after three seconds came neither before two nor after four."""
    events = (Stored("started", pb.RunEvent(), at=1.0), Stored("stopping", pb.RunEvent(), at=4.0))
    await judged(*events, at_least="2 s", less_than="4 s")
    with pytest.raises(CaseFailedError, match=r"3\.00 s passed"):
        await judged(*events, at_least="3500 ms")
    with pytest.raises(CaseFailedError, match=r"3\.00 s passed"):
        await judged(*events, less_than="3 s")


async def test_a_worker_that_tells_times_is_measured_by_them() -> None:
    """However late its events arrive."""
    first, last = (pb.RunEvent(monotonic=Duration(seconds=seconds)) for seconds in (10, 13))
    await judged(Stored("started", first, at=1.0), Stored("stopping", last, at=60.0), at_least="2 s", less_than="4 s")
