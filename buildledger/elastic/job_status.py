"""What a Job and its pods say about the worker in them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from buildledger.elastic.driver import MachineStatus
from buildledger.elastic.job_manifest import CONTAINER

HOPELESS = frozenset(
    {
        "CreateContainerConfigError",
        "CreateContainerError",
        "ErrImageNeverPull",
        "ImageInspectError",
        "ImagePullBackOff",
        "InvalidImageName",
        "RunContainerError",
    }
)
"""Why containers wait where waiting longer won't help; a first `ErrImagePull` isn't among them: it is tried again."""

Object = Mapping[str, Any]


def status_of(place: str, job: Object | None, pods: Sequence[Object]) -> MachineStatus:
    """How the machine is, as far as the cluster knows."""
    if job is None and not pods:
        return MachineStatus("absent")
    ended = _end_of(pods)
    for condition in _conditions(job):
        if condition.get("status") == "True" and condition.get("type") in ("Complete", "Failed"):
            return MachineStatus("ended", ended or _described(condition))
    for container in _containers(pods):
        waiting = container.get("state", {}).get("waiting") or {}
        if waiting.get("reason") in HOPELESS:
            return MachineStatus("failed", _described(waiting))
    if ended and job is not None and not job.get("metadata", {}).get("deletionTimestamp"):
        return MachineStatus("ended", ended)
    return MachineStatus("running", f"{place}{_pending(pods)}")


def _end_of(pods: Sequence[Object]) -> str:
    """How the worker ended, if it did: by its exit code, or because its pod was taken away."""
    for pod in pods:
        status = pod.get("status", {})
        if status.get("phase") not in ("Failed", "Succeeded"):
            continue
        for container in _containers([pod]):
            if (over := container.get("state", {}).get("terminated")) and container.get("name") == CONTAINER:
                code = f"exited with {over.get('exitCode')}"
                return f"{code}: {_described(over)}" if over.get("reason") not in (None, "Completed", "Error") else code
        return _described(status) or f"its pod has {str(status['phase']).lower()}"
    return ""


def _pending(pods: Sequence[Object]) -> str:
    """Why it doesn't run yet, for people."""
    if not pods:
        return ", without a pod yet"
    for pod in pods:
        for container in _containers([pod]):
            if waiting := container.get("state", {}).get("waiting"):
                return f", waiting: {_described(waiting)}"
        for condition in _conditions(pod):
            if condition.get("type") == "PodScheduled" and condition.get("status") == "False":
                return f", not scheduled: {_described(condition)}"
    return ""


def _containers(pods: Sequence[Object]) -> Iterator[Object]:
    for pod in pods:
        status = pod.get("status", {})
        yield from (*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ()))


def _conditions(thing: Object | None) -> Sequence[Object]:
    return () if thing is None else thing.get("status", {}).get("conditions") or ()


def _described(said: Object) -> str:
    """Reason and message, as far as there are any."""
    return ": ".join(str(said[key]) for key in ("reason", "message") if said.get(key))
