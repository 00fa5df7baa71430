"""An assignment that comes to nothing gives back what it took."""

from __future__ import annotations

from pathlib import Path

from buildledger.domain.request import CancelRequest
from buildledger.events.build import BuildAssigned
from buildledger.events.ids import RequestId
from buildledger.events.request import RequestCollapsed
from buildledger.events.results import Result
from tests.reactors.builders_and_workers import BUILDERS
from tests.reactors.unreliable import UnreliableLedger
from tests.reactors.world import World


async def racing(path: Path, *, collapse_key: str | None) -> tuple[World, list[RequestId]]:
    """Two requests for one slot; the one that is assigned first is cancelled between the decision and its commit."""
    w = World(path, BUILDERS, UnreliableLedger)
    await w.begin()
    requests = [await w.force(collapse_key=collapse_key) for _ in range(2)]
    assigned_first = requests[-1] if collapse_key else requests[0]

    async def cancel() -> None:
        assert isinstance(w.ledger, UnreliableLedger)
        w.ledger.meanwhile = None
        await w.command(CancelRequest(request_id=assigned_first, reason="no"))

    assert isinstance(w.ledger, UnreliableLedger)
    w.ledger.meanwhile = cancel
    await w.connect("w1")
    return w, requests


async def test_a_race_with_a_cancellation_harms_nothing(tmp_path: Path) -> None:
    """A request that is cancelled between the decision and its commit isn't built, and its slot goes to another."""
    w, (first, second) = await racing(tmp_path, collapse_key=None)
    try:
        assert [fact.requests for fact in w.facts(BuildAssigned)] == [(second,)]
        await w.finish_all()
        assert w.answers() == {first: Result.CANCELLED, second: Result.SUCCESS}
    finally:
        w.close()


async def test_what_was_to_be_collapsed_waits_again_when_the_assignment_is_refused(tmp_path: Path) -> None:
    """The older request was taken out of the queue for a build that never came; it gets one of its own."""
    w, (first, second) = await racing(tmp_path, collapse_key="main")
    try:
        assert [fact.requests for fact in w.facts(BuildAssigned)] == [(first,)]
        assert w.facts(RequestCollapsed) == []
        await w.finish_all()
        assert w.answers() == {first: Result.SUCCESS, second: Result.CANCELLED}
    finally:
        w.close()


async def test_locks_of_a_refused_assignment_are_given_back(tmp_path: Path) -> None:
    """Who waited for them goes, though no build ends."""
    w = World(tmp_path, BUILDERS, UnreliableLedger)
    try:
        await w.begin()
        migration, integration = await w.force("migration"), await w.force("integration")

        async def cancel() -> None:
            assert isinstance(w.ledger, UnreliableLedger)
            w.ledger.meanwhile = None
            await w.command(CancelRequest(request_id=migration, reason="no"))

        assert isinstance(w.ledger, UnreliableLedger)
        w.ledger.meanwhile = cancel
        await w.connect("w2")
        assert [fact.requests for fact in w.facts(BuildAssigned)] == [(integration,)]
    finally:
        w.close()
