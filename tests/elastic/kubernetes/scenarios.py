"""What the driver does in each recording. Recorded and replayed by the same code."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Protocol

import pytest

from buildledger.config.machines import KubernetesStart
from buildledger.elastic.driver import Driver, Machine, MachineStatus, StartError, UnreachableError

NAMESPACE = "ci"
TOKEN = "ble_recorded"
JOB = "job ci/bl-my-worker-3-"


def machine(kubeconfig: str, **settings: Any) -> Machine:
    """The machine of all scenarios; its Job's name comes from these fields."""
    fields: dict[str, Any] = {
        "capacity": 2,
        "server": "ci.acme.example:8011",
        "tls": True,
        "image": "registry.acme.example/worker:1",
        "namespace": NAMESPACE,
        "requests": {"cpu": "500m"},
        "limits": {"memory": "1Gi"},
        "pod": {"spec": {"nodeSelector": {"pool": "ci"}, "containers": [{"name": "worker", "workingDir": "/work"}]}},
    }
    start = KubernetesStart(kubeconfig=kubeconfig, **fields | settings)
    return Machine(installation="recorded", worker="My_Worker", start=3, settings=start)


class Stage(Protocol):
    """What happens in the cluster beside what the driver does: real while recording, nothing in a replay."""

    kubeconfig: str
    """Of somebody who may do everything in the namespace."""
    stranger: str
    """Of somebody who may do nothing."""

    async def pod_is_there(self) -> None:
        """The controller manager has made the Job's pod."""
        ...

    async def pod_is_bound(self) -> None:
        """The pod has a node, so that it doesn't go at once when it is deleted."""
        ...

    async def pod_says(self, status: dict[str, Any]) -> None:
        """What scheduler or kubelet would say of it."""
        ...

    async def job_has_failed(self) -> None:
        """The controller manager has noticed it."""
        ...


def waiting(reason: str, message: str) -> dict[str, Any]:
    """A pod whose container waits."""
    return {"phase": "Pending", "containerStatuses": [_container({"waiting": {"reason": reason, "message": message}})]}


def terminated(code: int, reason: str) -> dict[str, Any]:
    """A pod whose container has ended."""
    return {
        "phase": "Failed",
        "containerStatuses": [_container({"terminated": {"exitCode": code, "reason": reason}})],
    }


def _container(state: dict[str, Any]) -> dict[str, Any]:
    image = "registry.acme.example/worker:1"
    return {"name": "worker", "image": image, "imageID": "", "ready": False, "restartCount": 0, "state": state}


UNSCHEDULABLE = {
    "phase": "Pending",
    "conditions": [
        {
            "type": "PodScheduled",
            "status": "False",
            "reason": "Unschedulable",
            "message": "0/3 nodes are available: 3 Insufficient cpu.",
        }
    ],
}
RUNNING = {"phase": "Running", "containerStatuses": [_container({"running": {"startedAt": "2026-01-01T12:00:00Z"}})]}


async def life(driver: Driver, stage: Stage) -> None:
    """Started, waiting for a node, running, asked to go, and killed because it doesn't."""
    wanted = machine(stage.kubeconfig)
    assert await driver.inspect(wanted) == MachineStatus("absent")
    await driver.start(wanted, TOKEN)
    await stage.pod_is_there()
    await stage.pod_says(UNSCHEDULABLE)
    place = f"{JOB}{wanted.mark[:8]}"
    why = ", not scheduled: Unschedulable: 0/3 nodes are available: 3 Insufficient cpu."
    assert await driver.inspect(wanted) == MachineStatus("running", f"{place}{why}")
    await stage.pod_is_bound()
    await stage.pod_says(RUNNING)
    assert await driver.inspect(wanted) == MachineStatus("running", place)
    await driver.stop(wanted, force=False)
    assert (await driver.inspect(wanted)).state == "running"
    await driver.stop(wanted, force=True)
    assert await driver.inspect(wanted) == MachineStatus("absent")


async def image(driver: Driver, stage: Stage) -> None:
    """A first failure to pull the image may pass; when the kubelet backs off, the start has failed."""
    wanted = machine(stage.kubeconfig)
    assert await driver.inspect(wanted) == MachineStatus("absent")
    await driver.start(wanted, TOKEN)
    await stage.pod_is_there()
    await stage.pod_says(waiting("ErrImagePull", "not found"))
    assert (await driver.inspect(wanted)).detail.endswith(", waiting: ErrImagePull: not found")
    message = 'Back-off pulling image "registry.acme.example/worker:1"'
    await stage.pod_says(waiting("ImagePullBackOff", message))
    assert await driver.inspect(wanted) == MachineStatus("failed", f"ImagePullBackOff: {message}")
    await driver.stop(wanted, force=True)
    assert await driver.inspect(wanted) == MachineStatus("absent")


async def exited(driver: Driver, stage: Stage) -> None:
    """A worker that ends by itself: the Job isn't repeated, and its exit code is told."""
    wanted = machine(stage.kubeconfig)
    await driver.start(wanted, TOKEN)
    await stage.pod_is_there()
    await stage.pod_says(terminated(2, "Error"))
    await stage.job_has_failed()
    assert await driver.inspect(wanted) == MachineStatus("ended", "exited with 2")
    await driver.stop(wanted, force=True)


async def killed(driver: Driver, stage: Stage) -> None:
    """One that was killed says by what."""
    wanted = machine(stage.kubeconfig)
    await driver.start(wanted, TOKEN)
    await stage.pod_is_there()
    await stage.pod_says(terminated(137, "OOMKilled"))
    await stage.job_has_failed()
    assert await driver.inspect(wanted) == MachineStatus("ended", "exited with 137: OOMKilled")
    await driver.stop(wanted, force=True)


async def again(driver: Driver, stage: Stage) -> None:
    """Started once more by a server that doesn't know of the first time: it is the same Job, and one pod."""
    wanted = machine(stage.kubeconfig)
    await driver.start(wanted, TOKEN)
    await driver.start(wanted, TOKEN)
    await stage.pod_is_there()
    assert (await driver.inspect(wanted)).state == "running"
    await driver.stop(wanted, force=True)
    await driver.stop(wanted, force=True)


async def refused(driver: Driver, stage: Stage) -> None:
    """What the API server won't have is said in its words, and isn't tried again."""
    with pytest.raises(StartError, match='Kubernetes: namespaces "nowhere" not found'):
        await driver.start(machine(stage.kubeconfig, namespace="nowhere"), TOKEN)
    with pytest.raises(StartError, match="quantities must match"):
        await driver.start(machine(stage.kubeconfig, limits={"memory": "plenty"}), TOKEN)
    with pytest.raises(StartError, match='secrets is forbidden: User "stranger" cannot create resource'):
        await driver.start(machine(stage.stranger), TOKEN)
    with pytest.raises(UnreachableError, match='is forbidden: User "stranger" cannot get resource'):
        await driver.inspect(machine(stage.stranger))


SCENARIOS: dict[str, Callable[[Driver, Stage], Awaitable[None]]] = {
    each.__name__: each for each in (life, image, exited, killed, again, refused)
}
