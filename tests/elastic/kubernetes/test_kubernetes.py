"""The driver `kubernetes` against recorded answers of an API server. What that shows, and what not: see the package."""

from __future__ import annotations

import builtins
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from buildledger.config.machines import KubernetesStart
from buildledger.elastic import cluster, job_manifest
from buildledger.elastic.driver import Machine, MachineStatus, StartError, UnreachableError
from buildledger.elastic.job_status import status_of
from buildledger.elastic.jobs import KubernetesDriver
from tests.elastic.kubernetes.exchange import load
from tests.elastic.kubernetes.replay import replay
from tests.elastic.kubernetes.scenarios import SCENARIOS, TOKEN, machine
from tests.elastic.kubernetes.serving import write_kubeconfig
from tests.fakes.ports import free_port


@pytest.fixture
async def driver() -> AsyncIterator[KubernetesDriver]:
    driver = KubernetesDriver()
    yield driver
    await driver.close()


@pytest.mark.parametrize("name", SCENARIOS)
async def test_a_recording_is_replayed(name: str, driver: KubernetesDriver, tmp_path: Path) -> None:
    """The driver asks what it asked the real API server, in the same words, and understands the answers as it did."""
    with replay(name, tmp_path) as played:
        await SCENARIOS[name](driver, played)
    assert played.surprises == []
    assert [path for _, path in played.asked] == [each.path.partition("?")[0] for each in load(name).exchanges]


def test_the_token_is_in_the_secret_alone() -> None:
    """Neither the Job nor its pods have it; the Secret belongs to the Job and goes with it."""
    (secret, job, owner) = [each for each in load("life").exchanges if each.method in ("POST", "PATCH")]
    assert secret.sent["stringData"] == {"token": TOKEN}
    assert TOKEN not in str(job.sent)
    assert owner.answer["metadata"]["ownerReferences"][0]["uid"] == job.answer["metadata"]["uid"]


async def test_an_api_server_that_is_not_there_may_come_back(driver: KubernetesDriver, tmp_path: Path) -> None:
    """Nothing is concluded from its absence."""
    kubeconfig = write_kubeconfig(tmp_path / "config", f"http://127.0.0.1:{free_port()}", "admin")
    with pytest.raises(UnreachableError, match="Connection refused"):
        await driver.inspect(machine(kubeconfig))


async def test_a_kubeconfig_that_can_not_be_used_is_named(driver: KubernetesDriver, tmp_path: Path) -> None:
    """Before anything is asked."""
    with pytest.raises(StartError, match="the kubeconfig can't be used"):
        await driver.inspect(machine(str(tmp_path / "nothing")))


async def test_without_the_client_it_says_what_to_install(
    driver: KubernetesDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The client is an extra."""
    real = builtins.__import__

    def missing(name: str, *arguments: Any) -> Any:
        if name == "kubernetes":
            raise ImportError(name)
        return real(name, *arguments)

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(StartError, match=r"pip install 'buildledger\[kubernetes\]'"):
        cluster.connect(None, None)


def bare(worker: str, **settings: Any) -> Machine:
    start = KubernetesStart(capacity=1, image="i", server="ci:8011", **settings)
    return Machine(installation="x", worker=worker, start=1, settings=start)


@pytest.mark.parametrize(
    ("worker", "readable"),
    [("w", "w"), ("Big.Linux_1", "big-linux-1"), ("_", "worker"), ("x" * 64, "x" * 40)],
)
def test_names_suit_kubernetes_and_are_nobody_else_s(worker: str, readable: str) -> None:
    """Whatever the worker is called; two workers whose names look alike there have different ones all the same."""
    name = job_manifest.name_of(bare(worker))
    assert name.startswith(f"bl-{readable}-1-")
    assert len(name) <= 63
    assert job_manifest.name_of(bare("a_b")) != job_manifest.name_of(bare("a-b"))


def test_the_file_has_the_last_word_on_the_pod() -> None:
    """Mappings are merged, containers by their names; other lists, such as tolerations, are taken as they are."""
    over = {
        "metadata": {"annotations": {"a": "b"}},
        "spec": {
            "tolerations": [{"key": "ci"}],
            "containers": [
                {"name": "worker", "env": [{"name": "HTTP_PROXY", "value": "p"}], "args": ["only"]},
                {"name": "sidecar", "image": "s"},
            ],
        },
    }
    wanted = bare("w", pod=over, command=("/bin/worker", "-v"), service_account="builder")
    assert isinstance(wanted.settings, KubernetesStart)
    template = job_manifest.job(wanted, wanted.settings)["spec"]["template"]
    worker, sidecar = template["spec"]["containers"]
    assert template["metadata"]["annotations"] == {"a": "b"}
    assert template["metadata"]["labels"]["buildledger-machine"] == wanted.mark
    assert [each["name"] for each in worker["env"]] == [
        "BUILDLEDGER_MACHINE",
        "BUILDLEDGER_WORKER_TOKEN",
        "HTTP_PROXY",
    ]
    assert (worker["command"], worker["args"], worker["image"]) == (["/bin/worker"], ["only"], "i")
    assert sidecar == {"name": "sidecar", "image": "s"}
    assert template["spec"]["tolerations"] == [{"key": "ci"}]
    assert template["spec"]["serviceAccountName"] == "builder"


def test_a_pod_that_was_taken_away_says_so() -> None:
    """By the status of the pod, for its container had no end of its own. Written by hand, after the API's reference."""
    evicted = {"status": {"phase": "Failed", "reason": "Evicted", "message": "The node was low on resource: memory."}}
    found = status_of("job ci/x", {"metadata": {}}, [evicted])
    assert found == MachineStatus("ended", "Evicted: The node was low on resource: memory.")
