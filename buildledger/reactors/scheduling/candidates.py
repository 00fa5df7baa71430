"""Workers as placement sees them, from what the reactors know of them."""

from __future__ import annotations

from collections.abc import Iterator

from buildledger.config.evaluate import WorkerView
from buildledger.config.placement import Candidate, worker_view
from buildledger.config.resolved import Configuration
from buildledger.reactors.state.machines import KnownMachine
from buildledger.reactors.state.shared import SharedState
from buildledger.reactors.state.workers import KnownWorker


def candidate_of(configuration: Configuration, known: KnownWorker, machine: KnownMachine | None) -> Candidate:
    """A worker that has connected at least once. One that the configuration doesn't have is given nothing."""
    return Candidate(
        view=worker_view(configuration, known.name, known.labels, known.capacity, known.features),
        connected=known.connected and known.name in configuration.workers,
        paused=known.paused,
        revoked=known.revoked,
        stopping=machine is not None and machine.state.phase == "stopping",
        starting=machine is not None and machine.is_starting,
        quarantined=_quarantined(machine),
    )


def view_of(configuration: Configuration, shared: SharedState, name: str) -> WorkerView:
    """A configured worker as it will be: as the configuration says, and as it was when it was last there."""
    known = shared.worker(name)
    if known is None or not known.name:
        return worker_view(configuration, name, {}, None)
    return worker_view(configuration, name, known.labels, known.capacity, known.features)


def candidates(configuration: Configuration, shared: SharedState) -> Iterator[Candidate]:
    """All configured workers; their builds aren't counted."""
    for name in configuration.workers:
        known, machine = shared.worker(name), shared.machines.known.get(name)
        if known is not None and known.name:
            yield candidate_of(configuration, known, machine)
        else:
            yield Candidate(
                view=worker_view(configuration, name, {}, None),
                paused=known is not None and known.paused,
                revoked=known is not None and known.revoked,
                stopping=machine is not None and machine.state.phase == "stopping",
                starting=machine is not None and machine.is_starting,
                quarantined=_quarantined(machine),
            )


def _quarantined(machine: KnownMachine | None) -> str:
    return "it has failed" if machine is not None and machine.state.quarantined_until is not None else ""
