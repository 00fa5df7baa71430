"""The configuration changes every moment under a stream of pushes while the server is killed: nothing is half applied.

Each build is wholly of the configuration that was in force when it began, no push is built twice, the last one is
built, and no configuration that was acknowledged is missing.
"""

from __future__ import annotations

import threading
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any

import httpx

from buildledger.config.stored import read_configuration
from buildledger.events.build import BuildAssigned, BuildFinished, OperationRequested
from buildledger.events.config import ConfigApplied
from buildledger.events.fact import Recorded
from buildledger.events.results import Result
from buildledger.testing.configuration import load_text
from tests.fakes.repository import Repository
from tests.faults.installation import WORKER, Installation, installation, wait_until
from tests.faults.loop import LoopOptions, LoopOutcome

KINDS = ("lost", "twice", "mixed", "altered", "failed")
"""Acknowledged or pushed and not there; a push built twice; a build of two configurations, or of one that wasn't in
force; found by `audit verify`; a build that didn't succeed."""
TEXTS = 12
KILLS_A_ROUND = 10
RELOADS_A_KILL = 2
PAUSE_SECONDS = 1.0
"""The longest between a reload and a push."""
DEATH_SECONDS = 0.15
"""The longest between sending a configuration and the server's death."""


def configuration(number: int, repository: Path) -> str:
    """One that differs from the others in what its steps say, and from its neighbours in nearly everything else."""
    return f"""
version: 1
server: {{title: "{number}"}}
sources: {{app: {{git: "{repository}", poll: 1s}}}}
workers: {{{WORKER}: {{capacity: {2 + number % 3}}}}}
locks: {{held: {{count: {1 + number % 2}}}, odd: {{}}, even: {{}}}}
properties: {{number: "{number}"}}
builders:
  each:
    collapse: never
    locks: held
    steps:
      - {{name: first, run: [echo, "{number}"]}}
      - {{name: second, run: [sleep, "0.1"], locks: {"odd" if number % 2 else "even"}}}
      - {{name: third, run: [echo, "{number}", again]}}
  only-{number % 4}: {{steps: [{{run: [echo, "{number}"]}}]}}
triggers: [{{on: change, source: app, settle: {number % 2}s, build: each}}]
"""


def on_sqlite(options: LoopOptions) -> LoopOutcome:
    """Kill the server while it is given configurations, each round on a new installation."""
    outcome, rng, number = LoopOutcome(note="30 and more reloads a minute"), Random(options.seed), 0
    while outcome.done < options.count:
        number += 1
        directory = options.directory / f"round-{number}"
        directory.mkdir(parents=True)
        ReloadRound(directory, rng, outcome).run(min(KILLS_A_ROUND, options.count - outcome.done))
        options.say(f"{outcome.done} kills: {dict(outcome.wrong) or 'all well'}")
    return outcome


class ReloadRound:
    """A row of kills on one installation, and the count of what came of them."""

    def __init__(self, directory: Path, rng: Random, outcome: LoopOutcome) -> None:
        self._directory = directory
        self._repository = Repository(directory / "repository")
        self._rng = rng
        self._outcome = outcome
        self._texts = [load_text(configuration(each, self._repository.path)).to_json() for each in range(TEXTS)]
        self._applied = 0
        self._acknowledged: list[int] = []
        """The positions of configurations that the server said were applied."""
        self._head = ""
        """The last push."""

    def run(self, kills: int) -> None:
        """Push, reload and kill; then let all come to rest, and count."""
        self._push()
        with installation(self._directory, configuration(0, self._repository.path)) as installed:
            client = installed.start_server()
            installed.start_worker(client)
            for _ in range(kills):
                for _ in range(RELOADS_A_KILL):
                    self._push()
                    self._apply(client)
                    time.sleep(self._rng.uniform(0, PAUSE_SECONDS))
                killer = threading.Timer(self._rng.uniform(0, DEATH_SECONDS), installed.kill_server)
                killer.start()
                self._apply(client)
                killer.join()
                client.close()
                client = installed.start_server()
                self._outcome.done += 1
            self._push()
            wait_until(lambda: self._is_at_rest(client), "the last push is built")
            self._count(installed)

    def _push(self) -> None:
        self._head = self._repository.commit()

    def _apply(self, client: httpx.Client) -> None:
        self._applied += 1
        body = {"text": self._texts[self._applied % TEXTS], "origin": f"reload {self._applied}"}
        try:
            answer = client.post("/config", json=body)
        except httpx.TransportError:
            return
        if answer.is_success:
            self._acknowledged.append(answer.json()["position"])

    def _is_at_rest(self, client: httpx.Client) -> bool:
        builds: list[dict[str, Any]] = client.get("/builds", params={"limit": 200}).raise_for_status().json()["items"]
        built = {stamp["revision"] for build in builds for stamp in build["stamps"]}
        return self._head in built and all(build["status"] == "finished" for build in builds)

    def _count(self, installed: Installation) -> None:
        facts = installed.recorded(ConfigApplied, BuildAssigned, OperationRequested, BuildFinished)
        known = {each.position for each in facts if isinstance(each.fact, ConfigApplied)}
        revisions = [each.fact.revision for each in facts if isinstance(each.fact, ConfigApplied)]
        for position in self._acknowledged:
            if position not in known:
                self._outcome.add("lost", f"{self._directory}: the configuration at {position}")
        if revisions != list(range(1, len(revisions) + 1)):
            self._outcome.add("lost", f"{self._directory}: revisions {revisions}")
        self._count_builds(facts)
        try:
            installed.verify()
        except AssertionError as error:
            self._outcome.add("altered", f"{self._directory}: {error}")

    def _count_builds(self, facts: Sequence[Recorded]) -> None:
        in_force, applied = "", {}
        builds: dict[Any, BuildAssigned] = {}
        ran: dict[Any, list[tuple[str, ...]]] = defaultdict(list)
        built: Counter[str | None] = Counter()
        for recorded in facts:
            match recorded.fact:
                case ConfigApplied(digest=digest, text=text):
                    in_force, applied[digest] = digest, read_configuration(text)
                case BuildAssigned() as fact:
                    builds[recorded.stream_id] = fact
                    built.update(stamp.revision for stamp in fact.stamps if fact.attempt == 1)
                    if fact.config_digest != in_force:
                        self._outcome.add("mixed", f"{self._directory}: build {recorded.stream_id} began under another")
                case OperationRequested(spec=spec):
                    ran[recorded.stream_id].append(getattr(spec, "argv", ()))
                case BuildFinished(result=result, summary=summary) if result not in (Result.SUCCESS, Result.RETRY):
                    self._outcome.add("failed", f"{self._directory}: build {recorded.stream_id}: {summary}")
        for build, fact in builds.items():
            steps: Any = applied[fact.config_digest].builders[fact.builder].steps
            wanted = [step.argv for step in steps]
            commands = [argv for argv in ran[build] if argv]
            if commands != wanted[: len(commands)]:
                self._outcome.add("mixed", f"{self._directory}: build {build} ran {commands}, not {wanted}")
        for revision, times in built.items():
            if times > 1:
                self._outcome.add("twice", f"{self._directory}: {revision} was built {times} times")
