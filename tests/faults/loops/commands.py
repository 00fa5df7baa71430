"""People stop builds, cancel requests, change priorities and pause workers at any moment: what they asked for holds."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Callable
from random import Random
from typing import Any

import httpx

from buildledger.events.build import BuildFinished, BuildStopRequested, OperationRequested, StepStarted
from buildledger.events.fact import Recorded
from buildledger.events.request import RequestFinished
from buildledger.events.results import Result
from tests.faults.installation import WORKER, Installation, WaitedTooLongError, installation
from tests.faults.loop import LoopOptions, LoopOutcome

KINDS = ("stuck", "ignored", "double", "altered", "misled")
"""Never answered; begun or successful after a stop; answered twice; found by `audit verify`; answered with an error
that isn't the command's."""
REQUESTS_A_ROUND = 100
"""After so many everything has to come to rest, and is counted."""
PAUSE_SECONDS = 0.15
"""The longest time from a request to what is done about it: a build takes about as long."""
STEPS = 10
"""Of a build, each as short as can be: most of its time, something is just being decided."""
SHORT_STEPS = "\n".join(f"      - {{name: step {number}, run: [echo, {number}]}}" for number in range(STEPS))
CONFIGURATION = f"""
version: 1
server: {{title: Commands}}
workers:
  {WORKER}: {{capacity: 4}}
builders:
  short:
    collapse: never
    steps:
{SHORT_STEPS}
      - {{name: clean, run: [echo, cleaned], always_run: true}}
triggers: [{{on: manual, build: [short]}}]
"""


def of_people(options: LoopOptions) -> LoopOutcome:
    """Ask for builds and do something about each, each round on a new installation."""
    rng, outcome = Random(options.seed), LoopOutcome(note="stop, stop twice, cancel, priority, pause and resume")
    while outcome.done < options.count:
        directory = options.directory / f"round-{outcome.done}"
        directory.mkdir()
        with installation(directory, CONFIGURATION) as installed:
            Round(installed, rng, outcome).run(min(REQUESTS_A_ROUND, options.count - outcome.done))
        options.say(f"{outcome.done} requests: {dict(outcome.wrong) or 'all well'}")
    return outcome


class Round:
    """Requests on one installation, and the count of what came of them."""

    def __init__(self, installed: Installation, rng: Random, outcome: LoopOutcome) -> None:
        self._installed = installed
        self._rng = rng
        self._outcome = outcome
        self._requests: list[str] = []

    def run(self, requests: int) -> None:
        """Ask so often, then let everything come to rest, and count."""
        client = self._installed.start_server()
        self._installed.start_worker(client, capacity=4)
        for _ in range(requests):
            self._requests.append(request_id := self._installed.force(client, "short"))
            time.sleep(self._rng.uniform(0, PAUSE_SECONDS))
            self._rng.choice(self._meddlings())(client, request_id)
            self._outcome.done += 1
        self._post(client, f"/workers/{WORKER}/resume")
        try:
            for request_id in self._requests:
                self._installed.wait_for_answer(client, request_id)
        except WaitedTooLongError as error:
            self._outcome.add("stuck", str(error))
        self._installed.kill_server()
        self._count()

    def _meddlings(self) -> tuple[Callable[[httpx.Client, str], None], ...]:
        return (self._stop, self._stop, self._stop_twice, self._cancel, self._prioritise, self._pause)

    def _stop(self, client: httpx.Client, request_id: str) -> None:
        for build in client.get("/builds", params={"request_id": request_id}).raise_for_status().json()["items"]:
            self._post(client, f"/builds/{build['id']}/stop")

    def _stop_twice(self, client: httpx.Client, request_id: str) -> None:
        self._stop(client, request_id)
        time.sleep(self._rng.uniform(0, PAUSE_SECONDS))
        self._stop(client, request_id)

    def _cancel(self, client: httpx.Client, request_id: str) -> None:
        self._post(client, f"/requests/{request_id}/cancel")
        self._stop(client, request_id)

    def _prioritise(self, client: httpx.Client, request_id: str) -> None:
        self._post(client, f"/requests/{request_id}/priority", priority=self._rng.randint(-5, 5))

    def _pause(self, client: httpx.Client, _: str) -> None:
        self._post(client, f"/workers/{WORKER}/pause")
        time.sleep(self._rng.uniform(0, PAUSE_SECONDS))
        self._post(client, f"/workers/{WORKER}/resume")

    def _post(self, client: httpx.Client, path: str, **body: Any) -> None:
        """A request that is built or over already can't be cancelled or changed, and says so with 409."""
        answer = client.post(path, json=body)
        if not answer.is_success and answer.status_code != httpx.codes.CONFLICT:
            self._outcome.add("misled", f"{path} was answered {answer.status_code}: {answer.text}")

    def _count(self) -> None:
        answers = Counter(str(each.stream_id) for each in self._installed.recorded(RequestFinished))
        for request_id in self._requests:
            if answers[request_id] > 1:
                self._outcome.add("double", f"request {request_id} was answered {answers[request_id]} times")
        builds: defaultdict[Any, list[Recorded]] = defaultdict(list)
        for each in self._installed.recorded(BuildStopRequested, StepStarted, OperationRequested, BuildFinished):
            builds[each.stream_id].append(each)
        for build_id, history in builds.items():
            for wrong in ignored_stops(history):
                self._outcome.add("ignored", f"build {build_id} {wrong}")
        try:
            self._installed.verify()
        except AssertionError as error:
            self._outcome.add("altered", str(error))


def ignored_stops(history: list[Recorded]) -> list[str]:
    """What a build did after it was stopped that it should not have done."""
    wrong, stops, went_on = [], 0, False
    for recorded in history:
        match recorded.fact:
            case BuildStopRequested():
                stops += 1
            case OperationRequested(step=step) if stops and (stops > 1 or step < STEPS):
                wrong.append(f"asked for an operation of step {step} after {stops} stops")
            case StepStarted():
                went_on = went_on or stops > 0
            case BuildFinished(result=result) if went_on and result is not Result.CANCELLED:
                wrong.append(f"ended as {result} after it was stopped")
            case _:
                pass
    return wrong
