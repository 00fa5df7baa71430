"""How elastic workers are started, resolved: paths absolute, durations in seconds, every default spelled out.

What stands here is stored with each start, so that a machine can be found and stopped after the file has changed. It
holds no secret: keys and certificates are named by their paths.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

import msgspec

MACHINE_SETTINGS_FORMAT = 1
"""Of the stored text. Whoever changes what is stored raises it; `stored.py` says what else there is to do."""
GATEWAY = ""
"""In the place of an address: wherever the server itself listens for workers."""


class StartBase(msgspec.Struct, frozen=True, kw_only=True, tag_field="driver"):
    """The settings that every way of starting a worker has."""

    capacity: int
    """Builds at the same time; the worker is started with it."""
    idle_seconds: float | None = 600.0
    """It is stopped after having nothing to do for so long; None: never."""
    start_seconds: float = 120.0
    """It has to connect within this time."""
    stop_seconds: float = 30.0
    """Between asking it to go and killing it."""
    quarantine_seconds: float = 30.0
    """After the first failure; doubled by each further one."""
    server: str = GATEWAY
    """What the worker is told to connect to, `host:port`."""
    ca: str | None = None
    """Where the worker finds the issuers of the server's certificate, on its own machine; turns TLS on."""
    tls: bool = False
    """Use TLS with the issuers that the worker's machine trusts."""
    command: tuple[str, ...] = ()
    """The worker's program; `--server`, `--name`, `--state`, `--capacity` are added. Empty: the driver's own choice."""


class LocalStart(StartBase, frozen=True, kw_only=True, tag="local"):
    """How a worker is started as a process beside the server."""


class SshStart(StartBase, frozen=True, kw_only=True, tag="ssh"):
    """A process on a host that is reached by OpenSSH; its session runs through the connection."""

    host: str
    """`host` or `user@host`."""
    port: int = 22
    identity: str | None = None
    """The private key's file; None: what ssh finds by itself."""
    known_hosts: str | None = None
    """The only file that host keys are looked for in; None: those of the server's account."""
    options_file: str | None = None
    """An `ssh_config`; None: none is read."""
    install: str | None = None
    """A program on the server that is copied to the host and is the worker, in the place of `command`."""
    directory: str = ".buildledger"
    """On the host, for everything; relative to the account's home directory."""


class KubernetesStart(StartBase, frozen=True, kw_only=True, tag="kubernetes"):
    """How a worker is started as a Kubernetes Job."""

    image: str
    namespace: str = "default"
    kubeconfig: str | None = None
    """None: the service account of the pod that the server runs in, or else the usual place."""
    context: str | None = None
    """Of the kubeconfig; None: its current one."""
    service_account: str | None = None
    requests: Mapping[str, str] = {}
    limits: Mapping[str, str] = {}
    pod: Mapping[str, Any] = {}
    """Laid over the pod template (`metadata`, `spec`): mappings are merged, `containers` by their name."""
    keep_seconds: int = 600
    """`ttlSecondsAfterFinished`: how long the cluster keeps a finished Job."""


Start: TypeAlias = LocalStart | SshStart | KubernetesStart


def to_json(start: Start) -> str:
    """Canonical text with the format's number: equal settings have equal texts, every default is spelled out."""
    return _encoder.encode({"format": MACHINE_SETTINGS_FORMAT, **msgspec.to_builtins(start)}).decode()


def driver_of(start: Start) -> str:
    """What the configuration calls the driver of these settings."""
    name = type(start).__struct_config__.tag
    assert isinstance(name, str)
    return name


_encoder = msgspec.json.Encoder(order="deterministic")
