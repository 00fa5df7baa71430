"""Settings of the bridge."""

from dataclasses import dataclass
from pathlib import Path

from buildledger.worker.transport.transport import is_loopback

DEFAULT_SPOOL_BYTES = 1 << 30


class BridgeError(Exception):
    """The bridge can't work with these settings or files; the text says what to change."""


@dataclass(frozen=True, kw_only=True)
class BridgeSettings:
    """Everything but the workers' names and passwords, which are in a file of their own."""

    server: str
    """host:port of the Build Ledger server's gateway."""
    listen_host: str
    listen_port: int
    """0 takes any free one."""
    state_dir: Path
    """A journal, a credential and a staging area for each worker; private to one bridge."""
    workers_file: Path
    ca_file: Path | None = None
    """As in `WorkerSettings`: how the server's certificate is checked."""
    tls: bool = False
    certificate: Path | None = None
    """PEM, for the listening side; the machines then connect by TLS."""
    key: Path | None = None
    allow_plain: bool = False
    """Listen beyond this machine without a certificate, as Buildbot masters usually do."""
    api: str | None = None
    """URL of the server's API, for drawing enrollment tokens."""
    admin_token_file: Path | None = None
    spool_bytes: int = DEFAULT_SPOOL_BYTES
    """Unacknowledged output that may lie on disk, for each worker."""

    def check(self) -> None:
        """Refuse what would send passwords in clear over a network without anybody having allowed it.

        Raises:
            BridgeError: with what to do.
        """
        if (self.certificate is None) != (self.key is None):
            raise BridgeError("--cert and --key go together")
        if (self.api is None) != (self.admin_token_file is None):
            raise BridgeError("--api and --admin-token go together")
        if not (self.certificate or self.allow_plain or is_loopback(f"{self.listen_host}:{self.listen_port}")):
            raise BridgeError(
                f"machines would send passwords, sources and output in clear to {self.listen_host}:{self.listen_port}: "
                "give --cert and --key, listen on loopback, or say --allow-plain if the network is trusted"
            )
