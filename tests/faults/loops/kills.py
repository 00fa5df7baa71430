"""Server, worker or both are killed while builds run: none is stuck, none lost, nothing done twice."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path
from random import Random

import httpx

from buildledger.events.build import BuildAssigned, BuildFinished, OperationFinished, OperationStarted
from buildledger.events.results import Result
from tests.faults.installation import Installation, WaitedTooLongError, installation
from tests.faults.loop import LoopOptions, LoopOutcome

KINDS = ("stuck", "lost", "double", "altered")
"""Never answered; acknowledged and not there; run or answered twice; found by `audit verify`."""
KILLS_A_ROUND = 20
"""After so many everything has to come to rest, and is counted."""
BUILDS_A_KILL = 2
LIFE_SECONDS = 0.8
"""The longest time from a start to the next kill."""
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
builders:
  noting:
    collapse: never
    inputs: {{n: {{type: string}}}}
    retry: {{max: 10}}
    steps:
      - script: |
{script}
        env: {{N: {{input: n}}, BUILD: {{expr: build.id}}}}
triggers: [{{on: manual, build: [noting], inputs: {{n: {{type: string}}}}}}]
"""


def on_sqlite(options: LoopOptions) -> LoopOutcome:
    """Kill the server, the worker or both, each round on a new installation."""
    outcome, rng, number = LoopOutcome(), Random(options.seed), 0
    while outcome.done < options.count:
        number += 1
        directory = options.directory / f"round-{number}"
        (directory / "notes").mkdir(parents=True)
        with installation(directory, configuration(directory / "notes"), lease_seconds=30.0) as installed:
            kills = min(KILLS_A_ROUND, options.count - outcome.done)
            KillRound(installed, directory / "notes", rng, outcome).run(kills)
        options.say(f"{outcome.done} kills: {dict(outcome.wrong) or 'all well'}")
    return outcome


class KillRound:
    """A row of kills on one installation, and the count of what came of them."""

    def __init__(self, installed: Installation, notes: Path, rng: Random, outcome: LoopOutcome) -> None:
        self._installed = installed
        self._notes = notes
        self._rng = rng
        self._outcome = outcome
        self._asked: list[str] = []

    def run(self, kills: int) -> None:
        """Kill so often, then let everything come to rest, and count."""
        client = self._installed.start_server()
        self._installed.start_worker(client)
        for _ in range(kills):
            self._ask(client)
            time.sleep(self._rng.uniform(0, LIFE_SECONDS))
            client = self._kill(client)
            self._outcome.done += 1
        self._rest(client)
        self._installed.kill_server()
        self._count()

    def _ask(self, client: httpx.Client) -> None:
        for _ in range(BUILDS_A_KILL):
            answer = client.post("/builders/noting/force", json={"inputs": {"n": str(len(self._asked))}})
            self._asked.append(str(answer.raise_for_status().json()["request_id"]))

    def _kill(self, client: httpx.Client) -> httpx.Client:
        """One of the three ways, and the start of what was killed."""
        what = self._rng.choice(("server", "worker", "both"))
        if what in ("server", "both"):
            client.close()
            self._installed.kill_server()
        if what in ("worker", "both"):
            self._installed.kill_worker()
        if what in ("server", "both"):
            client = self._installed.start_server()
        if what in ("worker", "both"):
            self._installed.start_worker(client)
        return client

    def _rest(self, client: httpx.Client) -> None:
        for request_id in self._asked:
            answer = client.get(f"/requests/{request_id}")
            if answer.status_code == httpx.codes.NOT_FOUND:
                self._wrong("lost", f"request {request_id} was acknowledged and isn't there")
                continue
            try:
                result = self._installed.wait_for_answer(client, request_id)
            except WaitedTooLongError:
                self._wrong("stuck", f"request {request_id} is never answered")
                return
            if result != "success":
                self._wrong("lost", f"request {request_id} was answered {result}")

    def _count(self) -> None:
        assigned = {each.stream_id: each.fact for each in self._installed.recorded(BuildAssigned)}
        successes: Counter[str] = Counter()
        for recorded in self._installed.recorded(BuildFinished):
            built = assigned[recorded.stream_id]
            if isinstance(recorded.fact, BuildFinished) and recorded.fact.result is Result.SUCCESS:
                assert isinstance(built, BuildAssigned)
                successes.update(map(str, built.requests))
        twice = {request_id for request_id, count in successes.items() if count > 1}
        started = Counter(each.operation_id for each in self._installed.facts(OperationStarted))
        ended = Counter(each.operation_id for each in self._installed.facts(OperationFinished))
        twice |= {f"operation {each}" for each in started | ended if started[each] > 1 or ended[each] > 1}
        twice |= {f"a step of build {build}" for build, count in Counter(self._noted("starts")).items() if count > 1}
        twice |= {f"a process beside an older one: {line}" for line in self._noted("survivors")}
        for each in sorted(twice):
            self._wrong("double", each)
        try:
            self._installed.verify()
        except AssertionError as error:
            self._wrong("altered", str(error))

    def _noted(self, name: str) -> list[str]:
        file = self._notes / name
        return file.read_text().splitlines() if file.exists() else []

    def _wrong(self, kind: str, detail: str) -> None:
        self._outcome.add(kind, f"{detail} ({self._installed.directory.name})")
