"""Driver `kubernetes`: workers as Jobs, through the official client."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from buildledger.config.machines import KubernetesStart
from buildledger.elastic import job_manifest as manifest
from buildledger.elastic.cluster import Cluster, ClusterError, connect
from buildledger.elastic.driver import Machine, MachineStatus, StartError, UnreachableError
from buildledger.elastic.job_status import status_of

LOOK_SECONDS = 15.0
WAIT_SECONDS = 2.0
THREADS = 8
CONFLICT = 409
GONE = 404
NEEDS_A_PERSON = range(400, 500)
TRY_AGAIN = frozenset({408, 409, 429})

T = TypeVar("T")


class KubernetesDriver:
    """See `Driver`. A machine is a Job whose name comes from the machine; a Job that is there isn't made again."""

    inspect_seconds = LOOK_SECONDS
    wait_seconds = WAIT_SECONDS

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="kubernetes")
        """The client blocks; elsewhere its waiting would hold up others."""
        self._clusters: dict[tuple[str | None, str | None], Cluster] = {}

    async def start(self, machine: Machine, token: str) -> None:
        """See `Driver`."""
        await self._ask(machine, lambda cluster: _start(cluster, machine, token))

    async def inspect(self, machine: Machine) -> MachineStatus:
        """See `Driver`."""
        return await self._ask(machine, lambda cluster: _inspect(cluster, machine), looking=True)

    async def stop(self, machine: Machine, *, force: bool) -> None:
        """See `Driver`."""
        await self._ask(machine, lambda cluster: _stop(cluster, machine, force=force))

    async def forget(self, machine: Machine) -> None:
        """See `Driver`: what has ended by itself is left to the cluster's own time, with its logs."""

    async def close(self) -> None:
        """See `Driver`."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _ask(self, machine: Machine, question: Callable[[Cluster], T], *, looking: bool = False) -> T:
        """Ask the machine's cluster something, in a thread.

        Raises:
            StartError
            UnreachableError
        """
        settings = _settings(machine)

        def asked() -> T:
            key = (settings.kubeconfig, settings.context)
            if key not in self._clusters:
                self._clusters[key] = connect(settings.kubeconfig, settings.context)
            return question(self._clusters[key])

        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, asked)
        except ClusterError as error:
            final = error.status in NEEDS_A_PERSON and error.status not in TRY_AGAIN and not looking
            raise (StartError if final else UnreachableError)(_said(error)) from error


def _start(cluster: Cluster, machine: Machine, token: str) -> None:
    settings = _settings(machine)
    space, name = settings.namespace, manifest.name_of(machine)
    _unless_there(lambda: cluster.create_secret(space, manifest.secret(machine, token)))
    made = _unless_there(lambda: cluster.create_job(space, manifest.job(machine, settings)))
    if made is None:
        made = cluster.read_job(space, name)
    cluster.patch_secret(space, name, manifest.ownership(made["metadata"]))


def _inspect(cluster: Cluster, machine: Machine) -> MachineStatus:
    space, name = _settings(machine).namespace, manifest.name_of(machine)
    try:
        job = cluster.read_job(space, name)
    except ClusterError as error:
        if error.status != GONE:
            raise
        job = None
    return status_of(f"job {space}/{name}", job, cluster.list_pods(space, manifest.selector(machine)))


def _stop(cluster: Cluster, machine: Machine, *, force: bool) -> None:
    """Deleting the Job ends its pods; with `force` they aren't given the time that they would have."""
    space, name = _settings(machine).namespace, manifest.name_of(machine)
    _unless_gone(lambda: cluster.delete_job(space, name))
    _unless_gone(lambda: cluster.delete_secret(space, name))
    if force:
        for pod in cluster.list_pods(space, manifest.selector(machine)):
            pod_name = pod["metadata"]["name"]
            _unless_gone(lambda pod_name=pod_name: cluster.kill_pod(space, pod_name))  # type: ignore[misc]


def _unless_there(make: Callable[[], dict[str, Any]]) -> dict[str, Any] | None:
    """Make something; None if it is there already, from an earlier try."""
    try:
        return make()
    except ClusterError as error:
        if error.status == CONFLICT:
            return None
        raise


def _unless_gone(remove: Callable[[], None]) -> None:
    try:
        remove()
    except ClusterError as error:
        if error.status != GONE:
            raise


def _said(error: ClusterError) -> str:
    """What the API server says, in its own words."""
    try:
        said = json.loads(error.body)["message"]
    except (ValueError, TypeError, KeyError):
        said = error.body.strip()[:300]
    return f"Kubernetes: {said or error}"


def _settings(machine: Machine) -> KubernetesStart:
    assert isinstance(machine.settings, KubernetesStart)
    return machine.settings
