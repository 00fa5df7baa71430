"""Whether the server does its work: what every reader of the ledger says, and how the workers are."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import sqlalchemy as sa

from buildledger.api.http.dependencies import ApiDependencies
from buildledger.api.models import server as models
from buildledger.api.queries.contradictions import contradiction_problems
from buildledger.api.queries.sources import failing_sources
from buildledger.api.queries.workers import count_failing, count_missing
from buildledger.domain.machine import ALERT_AFTER_FAILURES
from buildledger.ledger.errors import StoreError
from buildledger.projections.skipped import skipped_facts
from buildledger.servers.entries import Singleton
from buildledger.sources.failure_text import failure_text
from buildledger.wording import plural

UNTOLD = "sign in, or see the server's log, to learn why"
ANSWER_SECONDS = 5.0
"""How long the database may take before health answers without it."""
THREADS = 2
LAG_DEGRADED = 10_000
"""Facts that a reader may be behind before health speaks of it."""


class HealthCheck:
    """Answers in time whatever the database does: one that says nothing is what health has to tell of.

    Use it from one event loop.
    """

    def __init__(self, answer_seconds: float = ANSWER_SECONDS) -> None:
        self._answer_seconds = answer_seconds
        # threads of its own: those of other requests may all be waiting for the same database
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="health")

    async def health(self, deps: ApiDependencies, *, detailed: bool) -> models.Health:
        """The server's health as `health_of` says it; without what only the database knows if that doesn't answer."""
        asked = asyncio.get_running_loop().run_in_executor(
            self._threads, partial(stored_problems, deps, detailed=detailed)
        )
        try:
            async with asyncio.timeout(self._answer_seconds):
                stored = await asked
        except TimeoutError:
            stored = [f"the database hasn't answered for {self._answer_seconds:g} s"]
        return health_of(deps, detailed=detailed, stored=stored)


def health_of(deps: ApiDependencies, *, detailed: bool = True, stored: Sequence[str] | None = None) -> models.Health:
    """The server's health: the state of every reader, and the problems that follow from it.

    Without `detailed` no reason is told, for health is open to everybody and a reason may hold what isn't. What
    `stored_problems` says is asked for, which blocks, unless it is given.
    """
    head = deps.ledger.head()
    readers = []
    for state in deps.projector.states() if deps.projector is not None else []:
        lag = max(0, head - state.position)
        error = state.error if detailed or state.error is None else UNTOLD
        reader = models.ReaderHealth(
            name=state.name, position=state.position, lag=lag, status=state.status, error=error
        )
        readers.append(reader)
    health = None if deps.reactors is None else deps.reactors()
    if health is not None:
        readers.append(
            models.ReaderHealth(
                name="reactors",
                position=health.position,
                lag=max(0, head - health.position),
                status="following" if health.failure is None else "stopped",
                error=health.failure if detailed or health.failure is None else UNTOLD,
            )
        )
    stopped = [f"{reader.name} stopped at {reader.position}: {reader.error}" for reader in readers if reader.error]
    behind = [
        f"{reader.name} is {plural(reader.lag, 'fact')} behind" for reader in readers if reader.lag > LAG_DEGRADED
    ]
    others = [
        *write_problems(deps, detailed=detailed),
        *behind,
        *(stored_problems(deps, detailed=detailed) if stored is None else stored),
        *configuration_problems(deps, detailed=detailed),
        *server_problems(deps),
        *retention_problems(deps),
        *reactor_problems(deps, detailed=detailed),
    ]
    status: models.HealthStatus = "failing" if stopped else "degraded" if others else "ok"
    return models.Health(status=status, position=head, readers=readers, problems=[*stopped, *others])


def stored_problems(deps: ApiDependencies, *, detailed: bool) -> list[str]:
    """The problems that only ledger and read models know. Blocks for queries."""
    return [
        *contradiction_problems(deps, detailed=detailed),
        *skipped_problems(deps, detailed=detailed),
        *source_problems(deps, detailed=detailed),
        *worker_problems(deps),
    ]


def write_problems(deps: ApiDependencies, *, detailed: bool) -> list[str]:
    """That the ledger couldn't be written when somebody last tried: its disk is full, or its database away."""
    failure = deps.ledger.write_failure
    return [] if failure is None else [failure if detailed else "the ledger can't be written"]


def skipped_problems(deps: ApiDependencies, *, detailed: bool) -> list[str]:
    """Facts that readers go on without, a line for each reader that still does."""
    try:
        found = skipped_facts(deps.ledger)
    except StoreError as error:
        return [f"what was set aside can't be read: {type(error).__name__}"]
    lines = []
    for reader, skipped in found.items():
        first, count = skipped[0], len(skipped)
        what = (
            f"a fact, at position {first.position}" if count == 1 else f"{count} facts, from position {first.position}"
        )
        why = f" ({first.fact}: {first.reason})" if detailed else ""
        lines.append(f"{reader} goes on without {what}, which it can't hold{why}")
    return lines


def configuration_problems(deps: ApiDependencies, *, detailed: bool) -> list[str]:
    """That the configuration file isn't in force; that nothing new is built because the one in force is unreadable."""
    problems = []
    if (rejected := deps.rejected_file()) is not None:
        what = "the configuration file is not applied, and the configuration in force stays"
        problems.append(f"{what}: {rejected}" if detailed else what)
    elif (overridden := deps.overridden_file()) is not None:
        problems.append(overridden if detailed else "another configuration is in force than the server's file says")
    failing = deps.effect_failures()
    if detailed:
        problems += [f"{part} can't follow the configuration in force: {why}" for part, why in failing.items()]
    elif failing:
        problems.append(f"{plural(len(failing), 'part')} of the server can't follow the configuration in force")
    if (unreadable := deps.active.unreadable) is not None:
        problems.append(f"{unreadable}; nothing new is built until one is applied: `buildledger config apply FILE`")
    return problems


def source_problems(deps: ApiDependencies, *, detailed: bool) -> list[str]:
    """Configured sources that can't be read: since when and why; without `detailed` how many they are."""
    try:
        with deps.views.read(None, "changes") as (changes,):
            found = failing_sources(changes)
    except sa.exc.SQLAlchemyError as error:
        return [f"how the sources are can't be read: {type(error).__name__}"]
    if detailed:
        return [
            f"source {name} can't be read since {outage.since:%Y-%m-%d %H:%M} UTC:"
            f" {failure_text(outage.cause, outage.detail)}"
            for name, outage in found.items()
        ]
    return [f"{len(found)} of the sources can't be read"] if found else []


def server_problems(deps: ApiDependencies) -> list[str]:
    """What is wrong with the servers as such, a line each."""
    if deps.servers.trouble is not None:
        return ["this server has no lease in the database, and leads nothing until it has"]
    servers = [each for each in deps.servers.entries() if each.alive]
    led = {singleton for each in servers for singleton in each.leads}
    possible = {role for each in servers for role in each.roles} & {each.value for each in Singleton}
    return [f"no server leads the {name}" for name in sorted(possible - led)]


def reactor_problems(deps: ApiDependencies, *, detailed: bool) -> list[str]:
    """What the reactors can't do while they run; without `detailed` only how much of it."""
    health = None if deps.reactors is None else deps.reactors()
    if health is None:
        return []
    if detailed:
        return [
            *(f"trigger {name!r} has stopped: {why}" for name, why in health.triggers.items()),
            *(f"held back: {said}" for said in health.held_back),
        ]
    counts = [(len(health.triggers), "trigger", "stopped"), (len(health.held_back), "command", "been held back")]
    return [
        f"{plural(number, noun)} {'has' if number == 1 else 'have'} {what}" for number, noun, what in counts if number
    ]


def retention_problems(deps: ApiDependencies) -> list[str]:
    """That the clock may have been set ahead, so that nothing is removed for its age."""
    doubt = deps.retention_waits()
    return [] if doubt is None else [doubt]


def worker_problems(deps: ApiDependencies) -> list[str]:
    """What is wrong with workers, a line each, without their names, as health is open to everybody."""
    try:
        with deps.views.read(None, "workers") as (workers,):
            missing, failing = count_missing(workers), count_failing(workers, ALERT_AFTER_FAILURES)
    except sa.exc.SQLAlchemyError as error:
        return [f"how the workers are can't be read: {type(error).__name__}"]
    said = [(missing, "missing"), (failing, f"failing to start, {ALERT_AFTER_FAILURES} times or more in a row")]
    return [f"{number} of the workers {'is' if number == 1 else 'are'} {what}" for number, what in said if number]
