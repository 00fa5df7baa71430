"""Builds are driven from their assignment to their end."""

from __future__ import annotations

from pathlib import Path

from buildledger.events.results import Result
from tests.reactors.world import world


async def test_a_one_step_build_from_request_to_answer(tmp_path: Path) -> None:
    """A trivial build costs eleven facts at the most, and its request is answered."""
    async with world(tmp_path) as w:
        before = w.ledger.head()
        request = await w.force()
        await w.finish_all()
        assert w.answers() == {request: Result.SUCCESS}
        names = [recorded.name.removesuffix(".v1") for recorded in w.recorded() if recorded.position > before]
        assert names == [
            "request.submitted.v2",
            "request.claimed",
            "build.assigned",
            "build.step_started",
            "build.operation_requested",
            "build.operation_started",
            "build.operation_finished",
            "build.step_finished",
            "build.finished",
            "request.finished",
        ]
