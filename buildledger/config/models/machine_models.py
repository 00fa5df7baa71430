"""The file format: `workers`, and how elastic ones are started."""

# ruff: noqa: RUF012 - pydantic copies mutable defaults

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, PlainValidator, WithJsonSchema

from buildledger.config import limits
from buildledger.config.fields.field_types import (
    Boolean,
    Duration,
    DurationOrNever,
    Identifier,
    Text,
    WholeBetween,
    fault,
)
from buildledger.config.fields.strict import Strict, choose
from buildledger.config.reading import scalars
from buildledger.config.steps.command_text import refuse_text


class StartModel(Strict):
    """How the server starts a worker when there is work for it, and stops it when there is none."""

    max: Annotated[int, WholeBetween(1, limits.MACHINES)] = 1
    """How many there may be. More than one are workers of their own, `name-1` to `name-<max>`, this capacity each."""
    idle_timeout: DurationOrNever = 600.0
    """It is stopped after having had nothing to do for so long; `never`: it goes on running."""
    start_timeout: Duration = 120.0
    """It has to connect within this time; an hour at the most."""
    stop_timeout: Duration = 30.0
    """After being asked to go it is killed when so much time is over."""
    quarantine: Duration = 30.0
    """How long it isn't started again after a failure; doubled by each further one, up to an hour."""
    server: Text | None = None
    """The address (`host:port`) the worker connects to; by default where the server listens for workers."""
    ca: Text | None = None
    """A PEM file with the issuers of the server's certificate, on the worker's machine; turns TLS on."""
    tls: Boolean = False
    """Use TLS with the issuers that the worker's machine trusts."""


Command = Annotated[list[Text], Field(min_length=1, max_length=limits.ARGUMENTS), refuse_text("command", "none")]


class LocalStartModel(StartModel):
    """As a process beside the server."""

    driver: Literal["local"]
    """`local`: a process beside the server."""
    command: Command | None = None
    """The worker's program and its first arguments; by default Build Ledger's own worker."""


class SshStartModel(StartModel):
    """On a host that the server reaches by OpenSSH; the worker's session runs through that connection."""

    driver: Literal["ssh"]
    """`ssh`: a process on a host that the server reaches by OpenSSH."""
    host: Text
    """`host` or `user@host`."""
    port: Annotated[int, WholeBetween(1, 65_535)] = 22
    """Where its sshd listens."""
    identity: Text | None = None
    """The file of the private key, absolute or relative to the configuration file; by default what ssh finds."""
    known_hosts: Text | None = None
    """The only file that the host's key is looked for in; by default those of the server's account."""
    options_file: Text | None = None
    """An `ssh_config` file, for jump hosts and the like; by default none is read."""
    install: Text | None = None
    """A worker's program that is copied to the host, instead of a `command` that is there already."""
    command: Command | None = None
    """The worker's program on the host, and its first arguments; by default `bl-worker`."""
    directory: Text = ".buildledger"
    """On the host, for everything the worker keeps; relative to the home directory."""


def _plain(value: Any) -> Any:
    """Data as JSON has it, without the marks of how its numbers were written."""
    if isinstance(value, dict):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if isinstance(value, scalars.Whole):
        return int(value)
    return float(value) if isinstance(value, scalars.Fraction) else value


def _pod(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise fault("type", f"expected a mapping, found {scalars.describe(value)}")
    for key in value:
        if key not in ("metadata", "spec"):
            raise fault("unknown-key", f"unknown key '{key}'", "a pod template has metadata and spec", at=key)
    plain: dict[str, Any] = _plain(value)
    return plain


_POD = {
    "type": "object",
    "properties": {"metadata": {}, "spec": {}},
    "additionalProperties": False,
}


def _quantity(value: Any) -> str:
    """`500m`, `2Gi`, or a number, which Kubernetes takes as text as well."""
    if isinstance(value, scalars.Whole | scalars.Fraction):
        return value.source
    if not isinstance(value, str) or not value:
        raise fault("type", f"expected a quantity such as 500m or 2Gi, found {scalars.describe(value)}")
    return value


Quantity = Annotated[str, PlainValidator(_quantity), WithJsonSchema({"type": ["string", "number"], "minLength": 1})]


class ResourcesModel(Strict):
    """What a worker's container asks for."""

    requests: dict[Text, Quantity] = {}
    """What it is guaranteed: `{cpu: 500m, memory: 1Gi}`."""
    limits: dict[Text, Quantity] = {}
    """What it may not exceed."""


class KubernetesStartModel(StartModel):
    """As a Kubernetes Job."""

    driver: Literal["kubernetes"]
    """`kubernetes`: a Kubernetes Job."""
    image: Text
    """The container's image."""
    server: Text
    """The address (`host:port`) under which pods reach the server."""
    command: Command | None = None
    """In the place of the image's entry point."""
    namespace: Text = "default"
    """Where Jobs and their Secrets are made."""
    kubeconfig: Text | None = None
    """By default the service account of the pod that the server runs in, or else the usual place."""
    context: Text | None = None
    """Of the kubeconfig; by default its current one."""
    service_account: Text | None = None
    """Of the pods; by default the namespace's own."""
    resources: ResourcesModel = ResourcesModel()
    """What the container asks for."""
    pod: Annotated[dict[str, Any], PlainValidator(_pod), WithJsonSchema(_POD)] = {}
    """Laid over the pod template: `metadata` and `spec`; mappings are merged, `containers` by name (ours: `worker`)."""
    keep: Duration = 600.0
    """How long the cluster keeps a finished Job (`ttlSecondsAfterFinished`)."""


StartModels = LocalStartModel | SshStartModel | KubernetesStartModel


class WorkerDefaults(Strict):
    """What workers have that don't say otherwise themselves."""

    place: ClassVar = "worker"

    labels: dict[Identifier, Text] = {}
    """What builders choose workers by."""
    capacity: Annotated[int, WholeBetween(1, limits.WORKER_CAPACITY)] = 1
    """Builds that may run on it at the same time."""
    missing_after: DurationOrNever = 600.0
    """It is reported as missing when it has been away for so long; `never`: don't."""


class Worker(WorkerDefaults):
    """A machine that may connect under this name, or that the server starts."""

    start: (
        Annotated[
            StartModels,
            choose(
                "driver",
                {"local": LocalStartModel, "ssh": SshStartModel, "kubernetes": KubernetesStartModel},
                unbuilt=frozenset(),
                what="driver",
            ),
        ]
        | None
    ) = None
    """How the server starts it; by default somebody else does."""
