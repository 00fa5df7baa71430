"""What can be seen to be missing for starting workers, before there is work for one."""

from __future__ import annotations

from pathlib import Path

import pytest

from buildledger.elastic.driver import Gateway
from buildledger.elastic.requisites import unstartable
from buildledger.testing.configuration import load_text

HERE = Gateway("127.0.0.1:8011", secured=False)


def lacks(start: str, gateway: Gateway = HERE) -> dict[str, str]:
    """What is said of one worker."""
    return unstartable(load_text(f"version: 1\nworkers: {{w: {{start: {{{start}}}}}, fixed: {{}}}}\n"), gateway)


def test_what_is_there_is_not_spoken_of(tmp_path: Path) -> None:
    """Each driver with what it needs."""
    (tmp_path / "key").write_text("x")
    assert lacks("driver: local") == {}
    assert lacks("driver: local, command: [sh]") == {}
    assert lacks(f"driver: ssh, host: h, identity: {tmp_path}/key, install: {tmp_path}/key") == {}
    assert lacks(f"driver: kubernetes, image: i, server: 's:1', kubeconfig: {tmp_path}/key") == {}


@pytest.mark.parametrize("key", ["identity", "known_hosts", "options_file", "install"])
def test_a_file_of_ssh_that_is_not_there(key: str, tmp_path: Path) -> None:
    """Is named with its key."""
    said = f"the {key} {tmp_path}/gone can't be read: No such file or directory"
    assert lacks(f"driver: ssh, host: h, {key}: {tmp_path}/gone") == {"start of worker w": said}


def test_a_program_and_a_kubeconfig_that_are_not_there(tmp_path: Path) -> None:
    """A worker's own program is looked for where the server would find it."""
    assert lacks("driver: local, command: [no-such-worker]") == {
        "start of worker w": "there is no program no-such-worker here"
    }
    kubeconfig = f"driver: kubernetes, image: i, server: 's:1', kubeconfig: {tmp_path}/gone"
    assert lacks(kubeconfig) == {
        "start of worker w": f"the kubeconfig {tmp_path}/gone can't be read: No such file or directory"
    }


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    """Is another matter than one that is missing."""
    assert lacks(f"driver: ssh, host: h, identity: {tmp_path}") == {
        "start of worker w": f"the identity {tmp_path} can't be read: Is a directory"
    }


def test_a_server_that_workers_could_not_reach() -> None:
    """Without a gateway of its own, or with a certificate that the worker isn't told to check."""
    assert "doesn't listen for workers" in lacks("driver: local", Gateway("", secured=False))["start of worker w"]
    assert (
        "has a certificate" in lacks("driver: ssh, host: h", Gateway("127.0.0.1:1", secured=True))["start of worker w"]
    )
    assert lacks("driver: local, server: 'ci:8011'", Gateway("", secured=False)) == {}
