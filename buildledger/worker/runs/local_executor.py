"""The usual host of a worker: the machine that it runs on itself."""

import asyncio
import os
import threading
from collections.abc import Mapping

from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb
from buildledger.worker import host_info as machine
from buildledger.worker.files.operations import file_error, perform
from buildledger.worker.files.transfers.fetch import BlobStore, fetch_files, upload_files
from buildledger.worker.processes.orphans import Leftover, kill_leftovers
from buildledger.worker.processes.tree import Survivor
from buildledger.worker.runs.attempt import Attempt
from buildledger.worker.runs.command import run_command
from buildledger.worker.runs.plan import Plan
from buildledger.worker.runs.attempt_store import Workshop
from buildledger.worker.settings import WorkerSettings
from buildledger.worker.runs.supervised_commands import SupervisedCommands
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
)


class ThisMachine:
    """Runs are processes and files of the machine that the worker runs on; satisfies `Host`."""

    software = machine.SOFTWARE
    interruption = "the worker was restarted while it ran"

    def __init__(self, settings: WorkerSettings) -> None:
        """Look for the supervisor that the settings ask for.

        Raises:
            SupervisorUnusableError: what was given as the supervisor isn't one.
        """
        supervisor = find_supervisor(settings.supervisor)
        self._supervised = (
            SupervisedCommands(supervisor, settings.spool_bytes, settings.on_crash) if supervisor is not None else None
        )
        self._work_dir = settings.work_dir
        self.os = machine.operating_system()
        self.arch = machine.architecture()
        self.work_directory = str(settings.work_dir.resolve())

    def features(self, workshop: Workshop) -> list[str]:
        """All but what the system lacks."""
        return [
            *_ALWAYS_OFFERED,
            *(["supervised"] if self._supervised is not None else []),
            *(["subreaper"] if workshop.household.is_subreaper else []),
            *(["cgroup"] if workshop.cgroup_parent is not None else []),
        ]

    def vitals(self) -> pb.Heartbeat:
        """Load where the system tells it, and free disk."""
        beat = pb.Heartbeat(disk_free_bytes=machine.free_bytes(self._work_dir))
        if (load := machine.load_average()) is not None:
            beat.load = load
        return beat

    async def fetch_files(self, attempt: Attempt, plan: Plan, blobs: BlobStore) -> pb.FileError | None:
        """Read blobs into the build directory."""
        return await fetch_files(attempt, plan, blobs)

    async def run_command(self, attempt: Attempt, plan: Plan) -> pb.Exited:
        """Start a process, under a supervisor if there is one."""
        if self._supervised is not None:
            return await self._supervised.run(attempt, plan)
        return await run_command(attempt, plan)

    async def operate(self, attempt: Attempt, plan: Plan) -> list[pb.FileResult]:
        """Do a file operation in a thread; a request to stop is heeded between files."""
        stopped = threading.Event()

        async def listen() -> None:
            await attempt.stop.made_or_raised()
            stopped.set()

        def work() -> list[pb.FileResult]:
            if not plan.changes_nothing and plan.spec.WhichOneof("operation") != "remove":
                try:
                    os.makedirs(plan.root, exist_ok=True)
                except OSError as error:
                    return [pb.FileResult(error=file_error(plan.root, error))]
            return list(perform(plan.root, plan.spec, stopped))

        listener = asyncio.create_task(listen())
        try:
            return await asyncio.to_thread(work)
        finally:
            # Also when this task is cancelled: the thread must not go on alone.
            stopped.set()
            listener.cancel()

    async def upload_files(self, attempt: Attempt, plan: Plan, blobs: BlobStore, *, succeeded: bool) -> pb.FileResult:
        """Write blobs from the build directory."""
        return await upload_files(attempt, plan, blobs, succeeded=succeeded)

    async def end_leftovers(self, leftovers: Mapping[str, Leftover]) -> dict[str, list[Survivor]]:
        """Kill processes of this machine."""
        return await kill_leftovers(leftovers)
