"""What all runs of a worker share."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from buildledger.worker import host_info as machine
from buildledger.worker.journal.group_fsync import Syncer
from buildledger.worker.processes import cgroup
from buildledger.worker.processes.tree import Household
from buildledger.worker.runs.output import Batching
from buildledger.worker.settings import WorkerSettings

if TYPE_CHECKING:
    from buildledger.worker.runs.attempt import Attempt
    from buildledger.worker.runs.executor import Host


class Spool:
    """Counts the unacknowledged output of all runs against its limit."""

    def __init__(self, limit_bytes: int) -> None:
        self.limit_bytes = limit_bytes
        self.used_bytes = 0
        self._waiting: list[Callable[[], None]] = []

    @property
    def is_full(self) -> bool:
        """Whether no more should be read from any run."""
        return self.used_bytes >= self.limit_bytes

    def when_there_is_room(self, callback: Callable[[], None]) -> None:
        """Call `callback` once, when a quarter of the limit has become free."""
        self._waiting.append(callback)

    def change(self, by_bytes: int) -> None:
        """Count output that was written or freed."""
        self.used_bytes += by_bytes
        if self._waiting and self.used_bytes <= self.limit_bytes * 3 // 4:
            waiting, self._waiting = self._waiting, []
            for callback in waiting:
                callback()


class Workshop:
    """Directories, the disk's group commit, process bookkeeping and sizes that every run of a worker uses."""

    def __init__(self, settings: WorkerSettings, wake: Callable[["Attempt"], None], host: "Host") -> None:
        self.settings = settings
        self.host = host
        self.wake = wake
        """Tells the sender that an attempt has something to send."""
        self.journal_dir = settings.state_dir / "runs"
        self.journal_dir.mkdir(mode=0o700, exist_ok=True)
        self.syncer = Syncer(self.journal_dir)
        self.spool = Spool(settings.spool_bytes)
        self.batching = Batching()
        self.orphan_seconds = 0.0
        """How long runs may go on without anybody to report to; 0: for ever. Set by each session."""
        self.household = Household(owns_process=settings.owns_process)
        self.boot_id = machine.boot_id()
        self.cgroup_parent: Path | None = settings.cgroup or cgroup.delegated()
        self.features = host.features(self)
