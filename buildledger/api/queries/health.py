"""Whether the server does its work: what every reader of the ledger says, and how the workers are."""

from __future__ import annotations

import sqlalchemy as sa

from buildledger.api.http.dependencies import ApiDependencies
from buildledger.api.models import server as models
from buildledger.api.queries.workers import count_failing, count_missing
from buildledger.domain.machine import ALERT_AFTER_FAILURES

LAG_DEGRADED = 10_000
"""Facts that a reader may be behind before health speaks of it."""


def health_of(deps: ApiDependencies) -> models.Health:
    """The server's health: the state of every reader, and the problems that follow from it."""
    head = deps.ledger.head()
    readers = []
    for state in deps.projector.states() if deps.projector is not None else []:
        lag = max(0, head - state.position)
        reader = models.ReaderHealth(
            name=state.name, position=state.position, lag=lag, status=state.status, error=state.error
        )
        readers.append(reader)
    if deps.reactors is not None:
        health = deps.reactors()
        readers.append(
            models.ReaderHealth(
                name="reactors",
                position=health.position,
                lag=max(0, head - health.position),
                status="following" if health.failure is None else "stopped",
                error=health.failure,
            )
        )
    stopped = [f"{reader.name} stopped at {reader.position}: {reader.error}" for reader in readers if reader.error]
    behind = [f"{reader.name} is {reader.lag} facts behind" for reader in readers if reader.lag > LAG_DEGRADED]
    others = [*worker_problems(deps), *reactor_problems(deps)]
    status: models.HealthStatus = "failing" if stopped else "degraded" if behind or others else "ok"
    return models.Health(status=status, position=head, readers=readers, problems=[*stopped, *behind, *others])


def reactor_problems(deps: ApiDependencies) -> list[str]:
    """What the reactors can't do while they run, a line each, without names, as health is open to everybody."""
    if deps.reactors is None:
        return []
    health = deps.reactors()
    said = [(len(health.triggers), "trigger", "stopped"), (len(health.held_back), "command", "been held back")]
    return [
        f"{number} {noun}{'' if number == 1 else 's'} {'has' if number == 1 else 'have'} {what}: the log says why"
        for number, noun, what in said
        if number
    ]


def worker_problems(deps: ApiDependencies) -> list[str]:
    """What is wrong with workers, a line each, without their names, as health is open to everybody."""
    try:
        with deps.views.read(None, "workers") as (workers,):
            missing, failing = count_missing(workers), count_failing(workers, ALERT_AFTER_FAILURES)
    except sa.exc.SQLAlchemyError as error:
        return [f"how the workers are can't be read: {type(error).__name__}"]
    said = [(missing, "missing"), (failing, f"failing to start, {ALERT_AFTER_FAILURES} times or more in a row")]
    return [f"{number} of the workers {'is' if number == 1 else 'are'} {what}" for number, what in said if number]
