"""Executes runs on the machine that the worker runs on."""

import asyncio
import threading
from collections.abc import Mapping, Sequence

from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb
from buildledger.worker import host_info
from buildledger.worker.files.operations import perform
from buildledger.worker.files.transfers.blob_store import BlobStore
from buildledger.worker.files.transfers.fetch import fetch_files
from buildledger.worker.files.transfers.upload import upload_files
from buildledger.worker.processes import cgroup
from buildledger.worker.processes.orphans import OrphanedRun, kill_orphans
from buildledger.worker.processes.tree import ProcessReaper, Survivor
from buildledger.worker.runs.attempt import Attempt
from buildledger.worker.runs.command import run_command
from buildledger.worker.runs.plan import Plan
from buildledger.worker.runs.supervised_commands import SupervisedCommands
from buildledger.worker.runs.transferring import transfer_task
from buildledger.worker.settings import WorkerSettings
from buildledger.worker.supervision.program import find_supervisor

_ALWAYS_OFFERED = (
    "merge_stderr",
    "file_operations",
    "file_types",
    "secrets",
    "stdin",
    "pty",
    "watch_files",
    "gap",
    "blobs",
    "tree_kill",
    "timeouts",
    "log_limit",
    "stop_policy",
    "umask",
    "unset_env",
    "shell_script",
)


class LocalExecutor:
    """Executes runs as processes and files of this machine; implements `Executor`."""

    software = host_info.SOFTWARE
    interruption = "the worker was restarted while it ran"

    def __init__(self, settings: WorkerSettings) -> None:
        """Look for the supervisor that the settings ask for.

        Raises:
            SupervisorUnusableError: what was given as the supervisor isn't one.
        """
        supervisor = find_supervisor(settings.supervisor)
        self._cgroup_parent = settings.cgroup or cgroup.delegated()
        self._reaper = ProcessReaper(owns_process=settings.owns_process)
        self._supervised = (
            SupervisedCommands(supervisor, self, settings, self._cgroup_parent) if supervisor is not None else None
        )
        self._work_dir = settings.work_dir
        self.os = host_info.operating_system()
        self.arch = host_info.architecture()
        self.work_directory = str(settings.work_dir.resolve())
        self.features: Sequence[str] = self._offered()

    def _offered(self) -> list[str]:
        """All features but those that the system or the installation lacks."""
        return [
            *_ALWAYS_OFFERED,
            *(["supervised"] if self._supervised is not None else []),
            *(["subreaper"] if self._reaper.is_subreaper else []),
            *(["cgroup"] if self._cgroup_parent is not None else []),
        ]

    def heartbeat_stats(self) -> pb.Heartbeat:
        """Load where the system tells it, and free disk."""
        beat = pb.Heartbeat(disk_free_bytes=host_info.free_bytes(self._work_dir))
        if (load := host_info.load_average()) is not None:
            beat.load = load
        return beat

    async def fetch_files(self, attempt: Attempt, plan: Plan, blobs: BlobStore) -> pb.FileError | None:
        """Read blobs into the build directory."""
        return await fetch_files(transfer_task(attempt, plan), blobs)

    async def run_command(self, attempt: Attempt, plan: Plan) -> pb.Exited:
        """Start a process, under a supervisor if there is one."""
        if self._supervised is not None:
            return await self._supervised.run(attempt, plan)
        return await run_command(attempt, plan, self._reaper, self._cgroup_parent)

    async def operate(self, attempt: Attempt, plan: Plan) -> list[pb.FileResult]:
        """Do a file operation in a thread; a request to stop is heeded between files."""
        stopped = threading.Event()

        async def wait_for_stop() -> None:
            await attempt.stop.changed()
            stopped.set()

        def work() -> list[pb.FileResult]:
            return list(perform(plan.directory, plan.spec, stopped))

        waiting = asyncio.create_task(wait_for_stop())
        try:
            return await asyncio.to_thread(work)
        finally:
            # Also when this task is cancelled: the thread must not go on alone.
            stopped.set()
            waiting.cancel()

    async def upload_files(self, attempt: Attempt, plan: Plan, blobs: BlobStore, *, succeeded: bool) -> pb.FileResult:
        """Write blobs from the build directory."""
        return await upload_files(transfer_task(attempt, plan), blobs, succeeded=succeeded)

    async def kill_orphans(self, orphans: Mapping[str, OrphanedRun]) -> dict[str, list[Survivor]]:
        """Kill processes of this machine."""
        survivors = await kill_orphans(orphans)
        # Those that this process has adopted are waited for here.
        self._reaper.adopted_orphans()
        return survivors
