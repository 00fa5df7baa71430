"""Settings of a worker."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

DEFAULT_SPOOL_BYTES = 1 << 30


@dataclass(frozen=True, kw_only=True)
class WorkerSettings:
    """Everything that is set on the worker's machine; the server sets the rest in each session.

    `server` is host:port. Without `ca_file` and `tls` the connection is secured if the enrollment token or the
    credential says whom to trust; otherwise it is plain, which is refused unless the host is this machine.
    """

    server: str
    name: str
    state_dir: Path
    """Journal, credential and lock; private to one worker."""
    work_dir: Path
    """All build directories lie in it."""
    labels: Mapping[str, str] = field(default_factory=dict)
    capacity: int = 1
    enrollment_token: str | None = None
    """Used once, when there is no credential in `state_dir` that is still good. May say whom to trust, after a dot."""
    enroll_at: str | None = None
    """Where to enroll, if not at `server`: there, perhaps, nobody gets in without a certificate."""
    ca_file: Path | None = None
    """PEM file of the issuers that the server's certificate may come from; its presence turns TLS on."""
    tls: bool = False
    """Use TLS with the issuers the system trusts, when there is no `ca_file`."""
    spool_bytes: int = DEFAULT_SPOOL_BYTES
    """Unacknowledged output that may lie on disk, all runs together."""
    heartbeat_seconds: float | None = None
    """Replaces the interval that the server asks for; for tests and for networks that cut idle connections."""
    cgroup: Path | None = None
    """A cgroup v2 directory that was delegated to the worker; found by itself under systemd's Delegate=yes."""
    owns_process: bool = False
    """The process does nothing but this worker, so that a child nobody knows is an escaped process of a run."""
    handle_signals: bool = True
    """SIGTERM and SIGINT end the worker, SIGHUP drains it; only possible in the main thread."""
    supervisor: str = "none"
    """Path of the program `bl-run`, under which commands go on when the worker is killed; "auto" looks for one."""
    on_crash: Literal["continue", "kill"] = "continue"
    """What supervised commands do when the worker is killed."""
    keep_seconds: float = 0.0
    """Build directories that nothing has used for so long are removed; 0: never."""
    drain_seconds: float = 10.0
    """At shutdown: how long to go on delivering events after the runs have ended."""
