"""Server, worker or both are killed while builds run: none is stuck, none lost, nothing done twice."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random

import httpx

from buildledger.events.build import BuildAssigned, BuildFinished, OperationFinished, OperationStarted
from buildledger.events.results import Result
from tests.fakes.postgresql import PostgresqlCluster, postgresql_cluster
from tests.faults import held_locks
from tests.faults.held_locks import wrong_holders
from tests.faults.installation import Installation, WaitedTooLongError, installation
from tests.faults.loop import LoopOptions, LoopOutcome

KINDS = ("stuck", "lost", "double", "altered", "misled", "died")
"""Never answered; acknowledged and not there; run or answered twice; found by `audit verify`; answered with an error
other than 503; ended without having been killed."""
WORKER, POSTGRESQL = "worker", "PostgreSQL"
SQLITE_VICTIMS = (frozenset({"server 0"}), frozenset({WORKER}), frozenset({"server 0", WORKER}))
POSTGRESQL_VICTIMS = (
    frozenset({"server 0"}),
    frozenset({"server 1"}),
    frozenset({WORKER}),
    frozenset({"server 0", WORKER}),
    frozenset({"server 1", WORKER}),
    frozenset({"server 0", "server 1"}),
    frozenset({"server 0", "server 1", WORKER}),
    frozenset({POSTGRESQL}),
)
LEASE_SECONDS = 30.0
KILLS_A_ROUND = 20
"""After so many everything has to come to rest, and is counted."""
BUILDS_A_KILL = 2
LIFE_SECONDS = 0.8
"""The longest time from a start to the next kill."""
DESKS = 2
"""How many steps may take notes at once: with more builds than that, some wait whenever somebody is killed."""
STEP = """
old=$(cat "pid-$N" 2> /dev/null || true)
state=$(cut -d " " -f 3 "/proc/${old:-none}/stat" 2> /dev/null || true)
case "$state" in ""|Z) ;; *) echo "$N $old $state" >> survivors ;; esac
echo $$ > "pid-$N"
echo "$BUILD" >> starts
sleep 0.3
echo "$BUILD" >> passes
"""
"""Notes each start and end by its build, and whether an older one for the same request is still alive."""


def configuration(notes: Path) -> str:
    """One builder, whose step takes notes."""
    script = "\n".join(f"          {line}" for line in f"cd {notes}{STEP}".splitlines())
    return f"""
version: 1
server: {{title: Kills}}
workers:
  w1: {{capacity: 4}}
locks: {{desk: {{count: {DESKS}}}}}
builders:
  noting:
    collapse: never
    inputs: {{n: {{type: string}}}}
    retry: {{max: 10}}
    steps:
      - script: |
{script}
        env: {{N: {{input: n}}, BUILD: {{expr: build.id}}}}
        locks: [desk]
triggers: [{{on: manual, build: [noting], inputs: {{n: {{type: string}}}}}}]
"""


def on_sqlite(options: LoopOptions) -> LoopOutcome:
    """Kill the server, the worker or both, each round on a new installation."""
    outcome = LoopOutcome(note="server, worker or both")
    for directory, kills, rng in _rounds(options, outcome):
        with installation(directory, configuration(directory / "notes"), lease_seconds=LEASE_SECONDS) as installed:
            KillRound([installed], directory / "notes", rng, outcome, SQLITE_VICTIMS, None).run(kills)
    return outcome


def on_postgresql(options: LoopOptions) -> LoopOutcome:
    """Kill one of two servers or both, the worker, or PostgreSQL itself, each round on a new database."""
    outcome = LoopOutcome(note="one or both of two servers, worker, server and worker, PostgreSQL")
    with postgresql_cluster() as cluster:
        for directory, kills, rng in _rounds(options, outcome):
            text = configuration(directory / "notes")
            first, second = directory / "first", directory / "second"
            first.mkdir()
            second.mkdir()
            with (
                cluster.database() as url,
                installation(first, text, database=url, lease_seconds=LEASE_SECONDS) as one,
                installation(second, text, database=url, lease_seconds=LEASE_SECONDS) as two,
            ):
                notes = directory / "notes"
                KillRound([one, two], notes, rng, outcome, POSTGRESQL_VICTIMS, cluster).run(kills)
    return outcome


def _rounds(options: LoopOptions, outcome: LoopOutcome) -> Iterator[tuple[Path, int, Random]]:
    """A directory for each round, and how often to kill in it."""
    rng, number = Random(options.seed), 0
    while outcome.done < options.count:
        number += 1
        directory = options.directory / f"round-{number}"
        (directory / "notes").mkdir(parents=True)
        yield directory, min(KILLS_A_ROUND, options.count - outcome.done), rng
        options.say(f"{outcome.done} kills: {dict(outcome.wrong) or 'all well'}")


class KillRound:
    """A row of kills on one installation, and the count of what came of them."""

    def __init__(
        self,
        servers: Sequence[Installation],
        notes: Path,
        rng: Random,
        outcome: LoopOutcome,
        victims: Sequence[frozenset[str]],
        cluster: PostgresqlCluster | None,
    ) -> None:
        """The worker is that of the first server; its other processes may connect to another server."""
        self._servers = servers
        self._first = servers[0]
        self._notes = notes
        self._rng = rng
        self._outcome = outcome
        self._victims = victims
        self._cluster = cluster
        self._asked: list[str] = []
        self._clients: list[httpx.Client] = []

    def run(self, kills: int) -> None:
        """Kill so often, then let everything come to rest, and count."""
        self._clients = [each.start_server() for each in self._servers]
        self._first.start_worker(self._clients[0])
        for _ in range(kills):
            self._ask()
            time.sleep(self._rng.uniform(0, LIFE_SECONDS))
            self._kill(self._rng.choice(self._victims))
            self._outcome.done += 1
        self._rest(self._clients[0])
        for each in self._servers:
            each.kill_server()
        self._count()

    def _ask(self) -> None:
        """Ask for builds; only what was answered with success is counted on."""
        for _ in range(BUILDS_A_KILL):
            client = self._rng.choice(self._clients)
            try:
                answer = client.post("/builders/noting/force", json={"inputs": {"n": str(len(self._asked))}})
            except httpx.TransportError:
                # an idle connection that the server has just closed; one that is dead is found below
                continue
            if answer.is_success:
                self._asked.append(str(answer.json()["request_id"]))
            elif answer.status_code != httpx.codes.SERVICE_UNAVAILABLE:
                self._wrong("misled", f"{answer.status_code} was answered: {answer.text}")

    def _look_for_dead(self) -> None:
        """A server that nobody killed has to be there, and is started again so that the loop can go on."""
        for number, server in enumerate(self._servers):
            if not server.server_runs:
                self._wrong("died", f"server {number} ended by itself; see {server.directory / 'server.txt'}")
                self._clients[number] = server.start_server()

    def _kill(self, victims: frozenset[str]) -> None:
        """SIGKILL all of them, then start them again in the order of need."""
        servers = [number for number in range(len(self._servers)) if f"server {number}" in victims]
        if POSTGRESQL in victims and self._cluster is not None:
            self._cluster.kill()
            self._ask()
            self._cluster.start()
        self._look_for_dead()
        for number in servers:
            self._clients[number].close()
            self._servers[number].kill_server()
        if WORKER in victims:
            self._first.kill_worker()
        for number in servers:
            self._clients[number] = self._servers[number].start_server()
        if WORKER in victims:
            self._first.start_worker(self._clients[0], gateway=self._rng.choice(self._servers).gateway)

    def _rest(self, client: httpx.Client) -> None:
        for request_id in self._asked:
            answer = client.get(f"/requests/{request_id}")
            if answer.status_code == httpx.codes.NOT_FOUND:
                self._wrong("lost", f"request {request_id} was acknowledged and isn't there")
                continue
            try:
                result = self._first.wait_for_answer(client, request_id)
            except WaitedTooLongError:
                self._wrong("stuck", f"request {request_id} is never answered")
                return
            if result != "success":
                self._wrong("lost", f"request {request_id} was answered {result}")

    def _count(self) -> None:
        assigned = {each.stream_id: each.fact for each in self._first.recorded(BuildAssigned)}
        successes: Counter[str] = Counter()
        for recorded in self._first.recorded(BuildFinished):
            built = assigned[recorded.stream_id]
            if isinstance(recorded.fact, BuildFinished) and recorded.fact.result is Result.SUCCESS:
                assert isinstance(built, BuildAssigned)
                successes.update(map(str, built.requests))
        twice = {request_id for request_id, count in successes.items() if count > 1}
        started = Counter(each.operation_id for each in self._first.facts(OperationStarted))
        ended = Counter(each.operation_id for each in self._first.facts(OperationFinished))
        twice |= {f"operation {each}" for each in started | ended if started[each] > 1 or ended[each] > 1}
        twice |= {f"a step of build {build}" for build, count in Counter(self._noted("starts")).items() if count > 1}
        twice |= {f"a process beside an older one: {line}" for line in self._noted("survivors")}
        twice |= set(wrong_holders(self._first.recorded(*held_locks.FACTS), {"desk": DESKS}))
        for each in sorted(twice):
            self._wrong("double", each)
        try:
            self._first.verify()
        except AssertionError as error:
            self._wrong("altered", str(error))

    def _noted(self, name: str) -> list[str]:
        file = self._notes / name
        return file.read_text().splitlines() if file.exists() else []

    def _wrong(self, kind: str, detail: str) -> None:
        self._outcome.add(kind, f"{detail} ({self._notes.parent.name})")
