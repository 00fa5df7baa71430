"""The settings of the worker service, and its fixed limits and intervals."""

from dataclasses import dataclass

from buildledger.settings import AutoTls, Tls

CHUNK_BYTES = 64 * 1024
"""Most output in one event; larger chunks gain nothing and delay everything else."""

FLUSH_SECONDS = 0.1
RUN_CREDIT_BYTES = 8 * 1024 * 1024
SESSION_CREDIT_BYTES = 16 * 1024 * 1024
UNSTORED_MAX_BYTES = 64 * 1024 * 1024
"""Most bytes received and not yet durable, all sessions together; beyond it streams aren't read."""

MESSAGE_BYTES = 256 * 1024
RECEIVE_MAX_BYTES = 1024 * 1024
PROTOCOL_VERSION = 1

WRITE_SECONDS = 20.0
"""A worker that takes no message for so long is disconnected, since its messages would hold memory for ever."""

SILENCE_CHECKS = 15
"""How often sessions are checked within the time after which a silent one is ended."""

RETRY_SECONDS = 1.0
"""Between two tries when the log store or the ledger can't be written."""

UNKNOWN_RETRY_SECONDS = 30.0
"""Between two tries of a worker that isn't configured, which is admitted soon after it is."""


@dataclass(frozen=True, kw_only=True)
class WorkerServiceSettings:
    """How the worker service behaves."""

    heartbeat_seconds: float = 10.0
    lease_seconds: float = 90.0
    """Told to workers for their logs; a reactor keeps the leases themselves."""
    orphan_seconds: float = 0.0
    """A worker that has had no session for so long ends its runs; 0: never."""
    restored: bool = False
    """Somebody has said that the ledger was restored from a backup: workers that remember more are let in."""
    tls: Tls | AutoTls | None = None
    """Without it only loopback addresses are served."""
    credential_seconds: float = 86_400.0
    """How long a credential lasts; workers exchange it after half of that."""
    overlap_seconds: float = 3_600.0
    """How long a credential that was exchanged stays valid beside the next one, in case the answer was lost."""

    @property
    def own_certificate(self) -> bool:
        """Whether the server has certified itself, so that workers have to be given its CA certificate."""
        return isinstance(self.tls, AutoTls)

    @property
    def silent_seconds(self) -> float:
        """A worker that has sent nothing for so long is disconnected."""
        return 3 * self.heartbeat_seconds
