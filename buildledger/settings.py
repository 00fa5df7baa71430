"""What an installation may choose when it starts a server: addresses, places, roles and limits.

Everything that may change while the server runs is configuration (`config/`) instead. Read by `composition` and the
command line only.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

ADMIN_TOKEN_FILE = "admin-token"  # noqa: S105 - the name of a file
"""In the state directory: what lets the administrator of this machine in."""
EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - read, not listened on
"""All addresses of a machine, and that under which it reaches itself."""
ADDRESS_FILE = "address"
"""In the state directory: where the API of the server that ran last can be reached."""


class Role(StrEnum):
    """A part of the server that a process can run."""

    API = "api"
    GATEWAY = "gateway"
    REACTORS = "reactors"
    PROJECTIONS = "projections"
    POLLERS = "pollers"
    ELASTIC = "elastic"


class SettingsError(ValueError):
    """A setting can't be followed; the text says which one and what to do."""


@dataclass(frozen=True, kw_only=True)
class Address:
    """Where to listen. `port` 0 takes any free one."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> Address:
        """`host:port` or `[v6]:port`.

        Raises:
            SettingsError
        """
        host, colon, port = text.rpartition(":")
        if not colon or not port.isdecimal() or int(port) > 65535 or not host:
            raise SettingsError(f"{text!r} is not an address: write host:port, for example 127.0.0.1:8010")
        return cls(host=host.strip("[]"), port=int(port))

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach it."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    def reachable(self, port: int) -> Address:
        """The same port, as a program on this machine reaches it."""
        return Address(host=EVERYWHERE.get(self.host, self.host), port=port)

    @property
    def everywhere(self) -> bool:
        """Whether it is all addresses of this machine."""
        return self.host in EVERYWHERE

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, kw_only=True)
class Tls:
    """Files in PEM form."""

    certificate: Path
    key: Path


@dataclass(frozen=True, kw_only=True)
class AutoTls:
    """A certificate that the server makes for itself, from its own authority."""

    names: tuple[str, ...] = ()
    """Host names and addresses it is reached under, beside those that this machine knows of itself."""


@dataclass(frozen=True, kw_only=True)
class ServerSettings:
    """All that `buildledger serve` can be told."""

    state: Path
    """Directory that holds everything the server keeps."""
    config: Path | None = None
    """Applied at the start and whenever it changes; None: what was applied last stays in force."""
    database: str | None = None
    """`postgresql://…` for ledger and read models; None: SQLite in the state directory."""
    http: Address = field(default_factory=lambda: Address(host="127.0.0.1", port=8010))
    grpc: Address = field(default_factory=lambda: Address(host="127.0.0.1", port=8011))
    grpc_tls: Tls | AutoTls | None = None
    grpc_mtls: Address | None = None
    """Where workers are served that show their client certificate; others aren't, there."""
    worker_ca: Tls | None = None
    """Certifies workers; None: an authority in the state directory, made at the first start."""
    credential_seconds: float = 86_400.0
    """How long a worker's credential lasts; workers exchange it after half of that."""
    unknown_workers: bool = False
    """Let workers in that the configuration doesn't name; they are given nothing to do."""
    roles: frozenset[Role] = frozenset(Role)
    heartbeat_seconds: float = 10.0
    """Between two signs of life of a worker, both ways."""
    lease_seconds: float = 90.0
    """After so long without its worker a build is tried elsewhere."""
    artifact_file_bytes: int = 16 << 30
    """The largest file that a build may leave."""
    artifact_build_bytes: int = 64 << 30
    """What all artifacts of one build may take together."""
    artifact_total_bytes: int | None = None
    """What all artifacts may take together; before that the oldest go. None: what the disk holds."""
    artifact_days: float | None = None
    """After so long an artifact goes; None: never."""

    peer: Address | None = None
    """Where the other servers of the database fetch logs and artifacts of this one; None: they can't."""
    peer_address: Address | None = None
    """How they reach that; None: as it is given, on all addresses by the machine's name."""
    machine: str | None = None
    """Servers that give the same read each other's directories; None: what the operating system calls this start."""
    accept_damage: bool = False
    """Start although what is stored contradicts itself."""
    restored: bool = False
    """Somebody says that the ledger was restored from a backup: workers that remember more are let in."""

    def check(self) -> None:
        """Refuse what would open the server to a network that nobody allowed.

        Raises:
            SettingsError
        """
        if not self.http.loopback:
            raise SettingsError(
                f"the API would be open to the network at {self.http}: until access is configured it listens on"
                " loopback only; put a proxy that signs people in before it, or tunnel to it with ssh -L"
            )
        if not self.grpc.loopback and self.grpc_tls is None:
            raise SettingsError(
                f"workers would talk in clear at {self.grpc}: give --grpc-tls auto, or --grpc-cert and --grpc-key,"
                " or listen on loopback"
            )
        if self.database is None and (self.peer or self.peer_address):
            raise SettingsError("--peer is for servers that share a PostgreSQL: give --database, or leave it out")
        if self.peer is None and self.peer_address is not None:
            raise SettingsError("--peer-address says how --peer is reached: give that too")
        if self.grpc_mtls is not None and self.grpc_tls is None:
            raise SettingsError(
                "--grpc-mtls needs a certificate too: give --grpc-tls auto, or --grpc-cert and --grpc-key"
            )
