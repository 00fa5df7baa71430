"""Workers that the server starts: what may stand in the file, and what is wrong with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from buildledger.config import machines
from buildledger.config.load import check
from buildledger.config.stored import read_machine_settings
from buildledger.testing.configuration import load_text
from tests.config.texts import loaded, messages

HEAD = "version: 1\nworkers:\n"


def start_of(body: str, name: str = "w") -> machines.Start:
    start = loaded(f"{HEAD}  w:\n    capacity: 3\n    start: {body}\n").workers[name].start
    assert start is not None
    return start


def test_a_worker_that_comes_by_itself_is_not_started() -> None:
    """Without `start` it is as it was; it is missed after a while unless the file says never."""
    workers = loaded(f"{HEAD}  a: {{}}\n  b: {{missing_after: never}}\n").workers
    assert [(each.start, each.missing_seconds) for each in workers.values()] == [(None, 600.0), (None, None)]


def test_one_entry_may_stand_for_several_workers() -> None:
    """Each is a worker of its own, with the same labels and settings."""
    workers = loaded(f"{HEAD}  cloud: {{labels: {{os: linux}}, start: {{driver: local, max: 3}}}}\n").workers
    assert list(workers) == ["cloud-1", "cloud-2", "cloud-3"]
    assert {each.labels["os"] for each in workers.values()} == {"linux"}
    assert len({each.start for each in workers.values()}) == 1


def test_settings_are_resolved_and_survive_storing() -> None:
    """Times in seconds, quantities as text, and the same again from the text that is stored with each start."""
    start = start_of(
        "{driver: kubernetes, image: i, server: 'ci:8011', idle_timeout: never, keep: 1m,"
        " resources: {requests: {cpu: 2, memory: 1Gi}}, pod: {spec: {priority: 5, nodeSelector: {pool: ci}}}}"
    )
    assert isinstance(start, machines.KubernetesStart)
    assert (start.capacity, start.idle_seconds, start.start_seconds, start.keep_seconds) == (3, None, 120.0, 60)
    assert start.requests == {"cpu": "2", "memory": "1Gi"}
    assert start.pod == {"spec": {"priority": 5, "nodeSelector": {"pool": "ci"}}}
    assert read_machine_settings(machines.to_json(start)) == start


def test_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    """A file that isn't there is a warning: the configuration may be checked on another machine."""
    (tmp_path / "key").touch()
    text = f"{HEAD}  w: {{start: {{driver: ssh, host: me@lab, identity: key, known_hosts: hosts}}}}\n"
    start = load_text(text, directory=tmp_path).workers["w"].start
    assert isinstance(start, machines.SshStart)
    assert (start.identity, start.known_hosts) == (str(tmp_path / "key"), str(tmp_path / "hosts"))
    (tmp_path / "ci.yaml").write_text(text)
    (problem,) = check(tmp_path / "ci.yaml")
    assert (problem.line, problem.severity, problem.code) == (3, "warning", "start")
    assert problem.message == f"there is no file {tmp_path / 'hosts'}"


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("{}", "ci.yaml:5:12: missing key 'driver': which kind of driver is this?"),
        ("{driver: docker}", "ci.yaml:5:21: unknown kind of driver 'docker' (one of kubernetes, local, ssh)"),
        ("{driver: local, hots: x}", "ci.yaml:5:28: unknown key 'hots'"),
        ("{driver: local, host: x}", "ci.yaml:5:28: unknown key 'host'"),
        ("{driver: local, max: 0}", "ci.yaml:5:33: 0 where at least 1 may stand"),
        ("{driver: local, command: []}", "ci.yaml:5:37: this list is empty: at least one entry is needed"),
        ("{driver: local, idle_timeout: 60}", "ci.yaml:5:42: 60 has no unit"),
        ("{driver: local, start_timeout: 2h}", "ci.yaml:5:43: 'start_timeout' is longer than nothing, and an hour"),
        ("{driver: local, quarantine: 0s}", "ci.yaml:5:40: 'quarantine' is longer than nothing"),
        ("{driver: local, server: nowhere}", "ci.yaml:5:36: 'nowhere' is no address"),
        ("{driver: ssh}", "ci.yaml:5:5: missing key 'host'"),
        ("{driver: ssh, host: -oProxyCommand=x}", "ci.yaml:5:32: '-oProxyCommand=x' is no host"),
        ("{driver: ssh, host: h, install: x, command: [y]}", "ci.yaml:5:47: 'install' and 'command' exclude"),
        ("{driver: ssh, host: h, directory: ../x}", "ci.yaml:5:46: '../x' can't be it"),
        ("{driver: kubernetes, image: i}", "ci.yaml:5:5: missing key 'server'"),
        ("{driver: kubernetes, image: i, server: 'a:1', pod: {sepc: {}}}", "unknown key 'sepc'"),
        ("{driver: kubernetes, image: i, server: 'a:1', resources: {limits: {cpu: []}}}", "expected a quantity"),
    ],
)
def test_faults_of_starts(body: str, found: str) -> None:
    """Each is named at its place."""
    assert found in messages(f"{HEAD}  w:\n    labels: {{}}\n    start: {body}\n")


def test_names_of_several_workers_must_be_free() -> None:
    """A number that is added may not make the name of another worker, nor one that is too long."""
    several = "{start: {driver: local, max: 9}}"
    text = f"{HEAD}  a: {several}\n  a-2: {{}}\n  {'x' * 63}: {several}\n"
    found = messages(text)
    assert "one of them would be 'a-2', which is another worker [duplicate-name]" in found
    assert "would have more than 64 characters" in found
