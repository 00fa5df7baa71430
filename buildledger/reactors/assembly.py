"""Joins the reactors over one ledger."""

from __future__ import annotations

from collections.abc import Callable

from buildledger.clock import Clock
from buildledger.domain import change
from buildledger.events.change import ChangeRecorded
from buildledger.events.config import ConfigApplied
from buildledger.events.ids import ChangeId, ServerId
from buildledger.ledger.ledger import Ledger
from buildledger.reactors.builds.contexts import Contexts
from buildledger.reactors.builds.runner import Running
from buildledger.reactors.runner import Runner
from buildledger.reactors.scheduling.scheduler import Assigning
from buildledger.reactors.state.changed_paths import ChangePaths
from buildledger.reactors.state.shared import Work
from buildledger.reactors.triggers.triggering import Triggering
from buildledger.reactors.workers.absence import Missing
from buildledger.reactors.workers.autoscaler import Elasticity
from buildledger.reactors.workers.leases import LEASE_SECONDS, Leases


def join(
    ledger: Ledger, clock: Clock, *, serves: Callable[[ServerId], bool], lease_seconds: float = LEASE_SECONDS
) -> Runner:
    """All reactors, ready to run.

    `serves` says whether a server process is alive; the workers of one that isn't are disconnected.
    """

    def text_at(position: int) -> str:
        (applied,) = ledger.read(position - 1, 1)
        assert isinstance(applied.fact, ConfigApplied)
        return applied.fact.text

    def change_of(change_id: ChangeId) -> ChangeRecorded | None:
        state, _ = ledger.load(change.AGGREGATE, change_id)
        recorded: ChangeRecorded | None = state.recorded
        return recorded

    work = Work(text_at)
    contexts = Contexts(ChangePaths(change_of))
    running = Running(work, contexts)
    assigning = Assigning(work, contexts, running)
    return Runner(
        ledger,
        clock,
        work,
        Triggering(work, contexts),
        (
            Leases(work, serves=serves, lease_seconds=lease_seconds),
            running,
            assigning,
            Elasticity(work, assigning),
            Missing(work),
        ),
    )
