"""What a worker is in Kubernetes: a Job that is never repeated, and the Secret with its enrollment token."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from buildledger.config.machines import KubernetesStart
from buildledger.elastic.command_line import TOKEN_VARIABLE, worker_options
from buildledger.elastic.driver import MARK_VARIABLE, Machine

CONTAINER = "worker"
TOKEN_KEY = "token"  # noqa: S105 - the name of an entry
STATE = "/var/lib/buildledger-worker"
MACHINE_LABEL = "buildledger-machine"
WORKER_ANNOTATION = "buildledger-worker"
NAME_CHARACTERS = 40
"""Of the worker's name in the Job's, which has 63 at the most and leaves some of them to its pods."""


def name_of(machine: Machine) -> str:
    """The Job's and the Secret's name: the same for the same start, and nobody else's."""
    readable = re.sub(r"[^a-z0-9]+", "-", machine.worker.lower()).strip("-")[:NAME_CHARACTERS].rstrip("-")
    return f"bl-{readable or 'worker'}-{machine.start}-{machine.mark[:8]}"


def selector(machine: Machine) -> str:
    """What its pods are found by."""
    return f"{MACHINE_LABEL}={machine.mark}"


def secret(machine: Machine, token: str) -> dict[str, Any]:
    """The token, which stands nowhere else."""
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": _metadata(machine),
        "type": "Opaque",
        "stringData": {TOKEN_KEY: token},
    }


def ownership(job: Mapping[str, Any]) -> dict[str, Any]:
    """A change to the Secret: it goes when its Job goes."""
    owner = {"apiVersion": "batch/v1", "kind": "Job", "name": job["name"], "uid": job["uid"]}
    return {"metadata": {"ownerReferences": [owner]}}


def job(machine: Machine, settings: KubernetesStart) -> dict[str, Any]:
    """The Job: one pod, once; whether a worker is wanted again is the server's business."""
    template = merged(_template(machine, settings), settings.pod)
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": _metadata(machine),
        "spec": {
            "backoffLimit": 0,
            "completions": 1,
            "parallelism": 1,
            "ttlSecondsAfterFinished": settings.keep_seconds,
            "template": template,
        },
    }


def _metadata(machine: Machine) -> dict[str, Any]:
    return {
        "name": name_of(machine),
        "labels": _labels(machine),
        "annotations": {WORKER_ANNOTATION: f"{machine.worker} {machine.start}"},
    }


def _labels(machine: Machine) -> dict[str, str]:
    return {
        "app.kubernetes.io/managed-by": "buildledger",
        "app.kubernetes.io/name": "buildledger-worker",
        MACHINE_LABEL: machine.mark,
    }


def _template(machine: Machine, settings: KubernetesStart) -> dict[str, Any]:
    options = ["--server", settings.server, "--name", machine.worker, "--state", STATE, *worker_options(settings)]
    token = {"secretKeyRef": {"name": name_of(machine), "key": TOKEN_KEY}}
    container: dict[str, Any] = {
        "name": CONTAINER,
        "image": settings.image,
        "args": [*settings.command[1:], *options],
        "env": [
            {"name": MARK_VARIABLE, "value": machine.mark},
            {"name": TOKEN_VARIABLE, "valueFrom": token},
        ],
        "volumeMounts": [{"name": "state", "mountPath": STATE}],
    }
    if settings.command:
        container["command"] = [settings.command[0]]
    resources = {"requests": dict(settings.requests), "limits": dict(settings.limits)}
    if any(resources.values()):
        container["resources"] = {kind: amounts for kind, amounts in resources.items() if amounts}
    spec: dict[str, Any] = {
        "restartPolicy": "Never",
        "terminationGracePeriodSeconds": int(settings.stop_seconds),
        "containers": [container],
        "volumes": [{"name": "state", "emptyDir": {}}],
        # without an account of its own a build has no business with the cluster
        "automountServiceAccountToken": settings.service_account is not None,
    }
    if settings.service_account is not None:
        spec["serviceAccountName"] = settings.service_account
    return {"metadata": {"labels": _labels(machine)}, "spec": spec}


def merged(base: Any, over: Any) -> Any:
    """`over` laid over `base`: mappings key by key, lists of named things by their names, the rest replaced."""
    if isinstance(base, Mapping) and isinstance(over, Mapping):
        added = {key: value for key, value in over.items() if key not in base}
        return {key: merged(value, over[key]) if key in over else value for key, value in base.items()} | added
    if _named(base) and _named(over):
        theirs = {each["name"]: each for each in over}
        ours = {each["name"] for each in base}
        both = [merged(each, theirs[each["name"]]) if each["name"] in theirs else each for each in base]
        return both + [each for each in over if each["name"] not in ours]
    return over


def _named(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, Mapping) and "name" in each for each in value)
