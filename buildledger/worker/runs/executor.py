"""The port behind which runs are executed: on this machine, or on one that is reached in another way."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb
from buildledger.worker.files.transfers.blob_store import BlobStore
from buildledger.worker.processes.orphans import OrphanedRun
from buildledger.worker.processes.tree import Survivor
from buildledger.worker.runs.attempt import Attempt
from buildledger.worker.runs.plan import Plan


class Executor(Protocol):
    """Executes runs on one machine, and knows what Hello and heartbeats say about that machine.

    What does the work may raise StoppedError once the attempt is to be ended, and OSError if the journal fails.
    """

    @property
    def os(self) -> str:
        """As in Hello."""

    @property
    def arch(self) -> str:
        """As in Hello."""

    @property
    def software(self) -> str:
        """As in Hello."""

    @property
    def work_directory(self) -> str:
        """As in Hello."""

    @property
    def interruption(self) -> str:
        """The message about a command that was running when this program was killed."""

    @property
    def features(self) -> Sequence[str]:
        """The optional features that are offered."""

    def heartbeat_stats(self) -> pb.Heartbeat:
        """How the machine is at this moment: its load and its free disk, as far as they are known."""

    async def fetch_files(self, attempt: Attempt, plan: Plan, blobs: BlobStore) -> pb.FileError | None:
        """Bring the plan's files into the build directory; returns why one can't be had."""

    async def run_command(self, attempt: Attempt, plan: Plan) -> pb.Exited:
        """Run the plan's command, keeping its output in the attempt, until no process of it is left."""

    async def operate(self, attempt: Attempt, plan: Plan) -> list[pb.FileResult]:
        """Do the plan's file operation; an error is the last result."""

    async def upload_files(self, attempt: Attempt, plan: Plan, blobs: BlobStore, *, succeeded: bool) -> pb.FileResult:
        """Give the server the files that the plan asks for."""

    async def kill_orphans(self, orphans: Mapping[str, OrphanedRun]) -> dict[str, list[Survivor]]:
        """Kill what attempts left running, by their cookies; returns who was found."""
