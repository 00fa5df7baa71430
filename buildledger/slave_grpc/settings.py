"""What the worker service can be told, and the limits that it keeps."""

from dataclasses import dataclass

from buildledger.settings import AutoTls, Tls

CHUNK_BYTES = 64 * 1024
"""Output per event; larger chunks gain nothing and make everything else wait."""

FLUSH_SECONDS = 0.1
RUN_CREDIT_BYTES = 8 * 1024 * 1024
SESSION_CREDIT_BYTES = 16 * 1024 * 1024
INFLOW_MAX_BYTES = 64 * 1024 * 1024
"""Received but not yet durable, all sessions together; beyond it streams are not read."""

MESSAGE_BYTES = 256 * 1024
RECEIVE_MAX_BYTES = 1024 * 1024
PROTOCOL_VERSION = 1

WRITE_SECONDS = 20.0
"""A worker that takes no message for so long is disconnected: it would hold memory for ever."""

SILENCE_LOOKS = 15
"""How often sessions are looked at within the time after which a silent one ends."""

RETRY_SECONDS = 1.0
"""Between two tries when the log store or the ledger cannot be written."""

UNKNOWN_RETRY_SECONDS = 30.0
"""Between two tries of a worker that isn't configured: it gets in by itself soon after it is."""


@dataclass(frozen=True, kw_only=True)
class WorkerServiceSettings:
    """How the worker service behaves."""

    heartbeat_seconds: float = 10.0
    lease_seconds: float = 90.0
    """Told to workers for people; the leases themselves are kept by a reactor."""
    orphan_seconds: float = 0.0
    """A worker without a server for so long ends its runs; 0: never."""
    tls: Tls | AutoTls | None = None
    """Without it only loopback addresses are served."""
    credential_seconds: float = 86_400.0
    """How long a credential lasts; workers exchange it after half of that."""
    overlap_seconds: float = 3_600.0
    """For so long a credential that was exchanged is taken beside the next one, in case the answer was lost."""
    only_server: bool = True
    """No other process serves this ledger, so a worker connected to another server is connected to a dead one."""

    @property
    def own_certificate(self) -> bool:
        """Whether workers have to be told whom to trust, because the server has certified itself."""
        return isinstance(self.tls, AutoTls)

    @property
    def silent_seconds(self) -> float:
        """A worker from which nothing came for so long is disconnected."""
        return 3 * self.heartbeat_seconds
