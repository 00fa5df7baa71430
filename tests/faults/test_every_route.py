"""Every route, while the disk is full or read-only or what is stored is damaged: a problem, and never a traceback."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from buildledger.ledger.outage import REASONS_MAX
from tests.fakes.repository import Repository
from tests.faults.disk import Disk, disk
from tests.faults.installation import Installation, installation, wait_until
from tests.faults.operations import Operation, operations

DISK_BYTES = 64 << 20
PAUSES_MAX = 500
"""So many commands find room on a full disk at the very most, in what files have left of their last page."""
MEDIA_TYPE = "application/problem+json"
CONFIGURATION = """\
version: 1
sources: {{app: {{git: {url}, poll: 1s}}}}
workers: {{w1: {{capacity: 2}}, spare: {{labels: {{rare: "yes"}}}}}}
builders:
  app:
    worker: '!("rare" in worker.labels)'
    steps:
      - {{run: [sh, -c, "head -c 200000 /dev/urandom | base64; mkdir -p site; date +%s%N > site/a"]}}
      - {{upload: site}}
  talking:
    worker: '!("rare" in worker.labels)'
    steps: [{{run: [sh, -c, "while ! test -e {gate}; do seq 2000; sleep 0.05; done"]}}]
  waiting: {{worker: 'worker.labels.rare == "yes"', steps: [{{run: [echo]}}]}}
triggers: [{{on: manual, build: [app, talking, waiting]}}]
"""
COMMIT = {"revision": "f" * 40, "message": "more", "author": "Jane Doe", "committed_at": "2026-11-22T10:15:00Z"}
WRITING = {
    "POST /builders/{name}/force",
    "POST /builds/{build_id}/rebuild",
    "POST /sources/{name}/changes",
    "POST /requests/{request_id}/cancel",
    "POST /requests/{request_id}/priority",
    "POST /workers/{name}/pause",
    "POST /enrollment-tokens",
    "POST /config",
}
"""What can't be done without a fact; whatever else changes something asks here for what is so already."""
UNKNOWN = "0b5f6c1e-6e4c-5d0a-9f0e-3d8f5b1f2c11"
LOG = "GET /logs/{log_id}"
ARTIFACT = "GET /artifacts/{operation_id}"


class Swept:
    """A server that has built something, and what its addresses can be asked for."""

    def __init__(self, server: Installation, client: httpx.Client, own: Disk) -> None:
        self.server, self.client, self.disk = server, client, own
        assert server.wait_for_answer(client, server.force(client, "app")) == "success"
        build = client.get("/builds").json()["items"][0]["id"]
        steps = client.get(f"/builds/{build}/steps").json()["items"]
        (log, *_) = [log["id"] for step in steps for operation in step["operations"] for log in operation["logs"]]
        (artifact,) = client.get(f"/builds/{build}/artifacts").json()["items"]
        self._known = {
            "builders": {"name": "app", "number": 1},
            "builds": {"build_id": build},
            "sources": {"name": "app", "body of changes": {"branch": "other", "commits": [COMMIT]}},
            "workers": {"name": "spare"},
            "logs": {"log_id": log},
            "artifacts": {"operation_id": artifact["operation_id"], "path": "a"},
            "config": {
                "number": 1,
                "body of config": {"text": _another(client), "origin": "elsewhere"},
                "body of plan": {"text": _another(client)},
                "body of rollback": {"revision": 1},
            },
            "session": {"body of session": {"token": client.headers["Authorization"].removeprefix("Bearer ")}},
        }

    def answers(self, waiting: str) -> dict[str, httpx.Response]:
        """What every operation answers at the moment, by its name; `waiting` is a request that may be cancelled."""
        return {each.name: self._ask(each) for each in operations(self._known | {"requests": {"request_id": waiting}})}

    def wait_until_all_is_well(self) -> None:
        """Wait until health says so and something was built, with what had been acknowledged before."""

        def healthy() -> bool:
            return bool(self.client.get("/health").json()["status"] == "ok")

        assert self.server.wait_for_answer(self.client, self.server.force(self.client, "app")) == "success"
        wait_until(healthy, "all is well again", lambda: self.client.get("/health").text)

    def _ask(self, operation: Operation) -> httpx.Response:
        with self.client.stream(operation.method, operation.url, params=operation.query, json=operation.body) as answer:
            if not operation.path.endswith("/stream") or not answer.is_success:
                answer.read()
        return answer


def _another(client: httpx.Client) -> str:
    """A configuration that differs from the one in force, as it is sent."""
    facts = client.get("/facts?name=config.applied.v1").json()["items"]
    resolved = json.loads(facts[-1]["data"]["text"])
    resolved["builders"]["app"]["description"] = "another"
    return json.dumps(resolved, sort_keys=True, separators=(",", ":"))


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Swept]:
    """One server for all damages, on a disk of its own, with a worker on another."""
    directory = tmp_path_factory.mktemp("swept")
    repository = Repository(directory / "repository")
    repository.commit()
    text = CONFIGURATION.format(url=repository.url, gate=directory / "gate")
    with disk(directory / "state", DISK_BYTES) as own, installation(directory, text, on=own) as server:
        client = server.start_server()
        server.start_worker(client, capacity=2)
        yield Swept(server, client, own)


@contextmanager
def full(own: Disk) -> Iterator[None]:
    """Nothing more can be written."""
    own.fill()
    try:
        yield
    finally:
        own.make_room()


@contextmanager
def read_only(own: Disk) -> Iterator[None]:
    """Nothing can be opened for writing."""
    own.make_read_only()
    try:
        yield
    finally:
        own.make_writable()


def wrong(answers: dict[str, httpx.Response]) -> list[str]:
    """Those that nobody should get: no problem document, a fault of ours, a traceback, or an unknown outcome."""
    return [
        f"{name}: {answer.status_code} {answer.text}"
        for name, answer in answers.items()
        if not answer.is_success and not _says_what_is_the_matter(name, answer)
    ]


def _says_what_is_the_matter(name: str, answer: httpx.Response) -> bool:
    if name == "GET /health":
        return bool(answer.json()["status"] == "failing")
    if answer.headers["Content-Type"] != MEDIA_TYPE or "Traceback" in answer.text:
        return False
    return answer.status_code < httpx.codes.INTERNAL_SERVER_ERROR or answer.json()["code"] == "unavailable"


def answered(answers: dict[str, httpx.Response], status: int) -> set[str]:
    """The operations that were answered so."""
    return {name for name, answer in answers.items() if answer.status_code == status}


def test_a_full_disk(swept: Swept) -> None:
    """Whatever has to be written is 503 `unavailable`, all else is answered; with room again, all of it goes on.

    That commands are refused is said once in the log, with how many and since when, and again when it has passed.
    """
    client, server = swept.client, swept.server
    waiting, talking = server.force(client, "waiting"), server.force(client, "talking")
    wait_until(lambda: client.get("/builds?builder=talking").json()["items"], "a build talks")
    acknowledged = []
    with full(swept.disk):
        for number in range(PAUSES_MAX):
            answer = client.post("/workers/spare/pause", json={"reason": f"reason {number}"})
            if answer.status_code == httpx.codes.SERVICE_UNAVAILABLE:
                break
            acknowledged.append(f"reason {number}")
        answers = swept.answers(waiting)
    assert wrong(answers) == []
    assert answered(answers, httpx.codes.SERVICE_UNAVAILABLE) >= WRITING
    assert answers["GET /health"].json()["status"] == "degraded"
    swept.wait_until_all_is_well()
    (server.directory / "gate").touch()
    assert server.wait_for_answer(client, talking) == "success"
    facts = client.get("/facts?name=worker.paused.v1&limit=200").json()["items"]
    assert {fact["data"]["reason"] for fact in facts} >= set(acknowledged)
    assert "Traceback" not in server.output()
    assert 1 <= server.output().count("commands aren't acknowledged") <= REASONS_MAX

    def said_to_be_over() -> bool:
        client.post("/workers/spare/pause", json={}).raise_for_status()
        return "commands are acknowledged again" in server.output()

    wait_until(said_to_be_over, "it is said that commands are acknowledged again")
    assert re.search(r"acknowledged again; \d+ commands? since \d{4}", server.output())
    assert server.output().count("what workers report can't be kept") <= REASONS_MAX


def test_a_read_only_disk(swept: Swept) -> None:
    """What was open before goes on, all else is said in words; when the disk can be written, all is well by itself."""
    waiting = swept.server.force(swept.client, "waiting")
    with read_only(swept.disk):
        answers = swept.answers(waiting)
    assert wrong(answers) == []
    swept.wait_until_all_is_well()
    assert "Traceback" not in swept.server.output()


def write_garbage(path: Path) -> None:
    """The file is as long as before, and holds something else."""
    with path.open("r+b") as file:
        size = path.stat().st_size
        file.write((b"garbage!" * (size // 8 + 1))[:size])


def cut(path: Path) -> None:
    """The second half of the file is gone."""
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size // 2)


DAMAGED: dict[str, tuple[str, set[str]]] = {
    "artifacts": ("artifacts/**/*", {ARTIFACT, f"{ARTIFACT}/entries", f"{ARTIFACT}/files/{{path}}"}),
    "pieces of logs": ("logs/packs/*", {f"{LOG}/raw"}),
    "logs": ("logs/logs.db*", {f"{LOG}/lines", f"{LOG}/raw"}),
    "texts": ("vault.db*", set()),
    "proofs": ("proof.db*", set()),
    "read models": ("views/*.db*", set()),
    "ledger": ("ledger.db*", set()),
}
"""What is damaged → its files, and what says so with 409 because nothing else stands for it. Each stays damaged."""


@pytest.mark.parametrize("what", DAMAGED)
def test_damage_while_it_runs(swept: Swept, what: str) -> None:
    """What can't be relied on any more isn't answered but said; whatever else is asked for is answered."""
    pattern, altered = DAMAGED[what]
    said = len(swept.server.output())
    waiting = str(swept.client.post("/builders/waiting/force", json={}).json().get("request_id"))
    for path in _files(swept, pattern):
        write_garbage(path)
    answers = swept.answers(waiting)
    assert wrong(answers) == []
    assert answered(answers, httpx.codes.CONFLICT) >= altered, {name: answers[name].text for name in altered}
    assert "Traceback" not in swept.server.output()[said:]


def test_everything_is_cut_while_it_runs(swept: Swept) -> None:
    """Whatever is left of all of it, no answer is a fault of ours."""
    said = len(swept.server.output())
    for pattern, _ in DAMAGED.values():
        for path in _files(swept, pattern):
            cut(path)
    assert wrong(swept.answers(UNKNOWN)) == []
    assert "Traceback" not in swept.server.output()[said:]


def _files(swept: Swept, pattern: str) -> list[Path]:
    """What is stored there; but for what SQLite maps into memory, which a process whose file is cut ends with."""
    found = [path for path in swept.disk.directory.glob(pattern) if path.is_file() and not path.name.endswith("-shm")]
    assert found, pattern
    return found
