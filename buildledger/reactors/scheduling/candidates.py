"""Workers as placement sees them, from what the reactors know of them."""

from __future__ import annotations

from collections.abc import Iterator

from buildledger.config.evaluation.evaluate import WorkerView
from buildledger.config.evaluation.placement import Candidate, worker_view
from buildledger.config.resolved import Configuration
from buildledger.reactors.state.machines import KnownMachine
from buildledger.reactors.state.shared import SharedState
from buildledger.reactors.state.workers import KnownWorker

_NEVER_CONNECTED = KnownWorker()


def candidate_of(
    configuration: Configuration, name: str, known: KnownWorker | None, machine: KnownMachine | None
) -> Candidate:
    """A worker, whose builds aren't counted. One that the configuration doesn't have is given nothing."""
    known = known or _NEVER_CONNECTED
    return Candidate(
        view=view_of(configuration, name, known),
        connected=known.connected and name in configuration.workers,
        paused=known.paused,
        revoked=known.revoked,
        stopping=machine is not None and machine.state.phase == "stopping",
        starting=machine is not None and machine.is_starting,
        quarantined="it has failed" if machine is not None and machine.state.quarantined_until is not None else "",
    )


def view_of(configuration: Configuration, name: str, known: KnownWorker | None) -> WorkerView:
    """A worker as the configuration says, and as it was when it was last there."""
    if known is None or not known.name:
        return worker_view(configuration, name, {}, None)
    return worker_view(configuration, name, known.labels, known.capacity, known.features)


def candidates(configuration: Configuration, shared: SharedState) -> Iterator[Candidate]:
    """All configured workers; their builds aren't counted."""
    for name in configuration.workers:
        yield candidate_of(configuration, name, shared.worker(name), shared.machines.known.get(name))
