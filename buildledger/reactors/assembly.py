"""Constructs all reactors of a server."""

from __future__ import annotations

from collections.abc import Callable

from buildledger.clock import Clock
from buildledger.config.configurations import Configurations
from buildledger.events.ids import ServerId
from buildledger.ledger.ledger import Ledger
from buildledger.reactors.builds.contexts import EvaluationContexts
from buildledger.reactors.builds.runner import BuildRunner
from buildledger.reactors.builds.timeouts import BuildTimeouts
from buildledger.reactors.runner import Runner
from buildledger.reactors.scheduling.scheduler import Scheduler
from buildledger.reactors.scheduling.step_locks import StepLocks
from buildledger.reactors.state.changed_paths import ChangePaths
from buildledger.reactors.state.shared import SharedState
from buildledger.reactors.triggers.generated import GeneratedRequests
from buildledger.reactors.triggers.triggering import Triggering
from buildledger.reactors.workers.absence import AbsenceMonitor
from buildledger.reactors.workers.autoscaler import Autoscaler
from buildledger.reactors.workers.leases import LEASE_SECONDS, Leases


def join(
    ledger: Ledger,
    clock: Clock,
    *,
    configurations: Configurations,
    serves: Callable[[ServerId], bool],
    lease_seconds: float = LEASE_SECONDS,
) -> Runner:
    """All reactors, ready to run.

    `serves` says whether a server process is alive; the workers of one that isn't are disconnected.
    """

    shared = SharedState(configurations)
    contexts = EvaluationContexts(ChangePaths(ledger))
    running = BuildRunner(shared, contexts, GeneratedRequests(contexts, shared.configurations))
    triggering = Triggering(shared, contexts, ledger)
    assigning = Scheduler(shared, contexts, running, triggering.default_branch)
    return Runner(
        ledger,
        clock,
        shared,
        triggering,
        (
            Leases(shared, serves=serves, lease_seconds=lease_seconds),
            running,
            BuildTimeouts(shared),
            assigning,
            StepLocks(shared, lambda: assigning.index),
            Autoscaler(shared, assigning),
            AbsenceMonitor(shared),
        ),
    )
