"""Where the attempts of one worker are kept: directories, group commit, disk budget."""

from buildledger.worker import host_info
from buildledger.worker.journal.group_fsync import GroupFsync
from buildledger.worker.runs.server_settings import ServerSettings
from buildledger.worker.runs.spool_budget import SpoolBudget
from buildledger.worker.settings import WorkerSettings


class AttemptStore:
    """What all attempts of a worker share on disk, and the limits that hold for all of them together."""

    def __init__(self, settings: WorkerSettings) -> None:
        self.settings = settings
        self.server_settings = ServerSettings()
        self.journal_dir = settings.state_dir / "runs"
        self.journal_dir.mkdir(mode=0o700, exist_ok=True)
        self.group_fsync = GroupFsync(self.journal_dir)
        self.spool = SpoolBudget(settings.spool_bytes)
        self.boot_id = host_info.boot_id()
