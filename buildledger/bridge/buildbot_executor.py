"""Executes runs on the machine of a Buildbot worker."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from buildledger.bridge import secret_files, staging
from buildledger.bridge.command import BROKEN, Execution
from buildledger.bridge.connection import ConnectionLostError, RefusedError
from buildledger.bridge.files import Files
from buildledger.bridge.machine import Machine, NoAnswerError
from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb
from buildledger.worker.files.transfers.blob_store import BlobStore
from buildledger.worker.files.trees import StoppedError
from buildledger.worker.processes.orphans import OrphanedRun
from buildledger.worker.processes.tree import Survivor
from buildledger.worker.runs.attempt import Attempt
from buildledger.worker.runs.plan import Plan

FEATURES = (
    "merge_stderr",
    "file_operations",
    "stdin",
    "pty",
    "watch_files",
    "gap",
    "blobs",
    "file_types",
    "timeouts",
    "log_limit",
    "stop_policy",
    "umask",
    "unset_env",
    "shell_script",
)
"""What any POSIX system lets the bridge offer."""
STARTED_FOLDER = "started"


class BuildbotExecutor:
    """Executes runs on the machine of a Buildbot worker, by the commands that it has; implements `Executor`."""

    interruption = "the bridge was restarted, and the Buildbot worker's protocol can't resume a command"

    def __init__(self, machine: Machine, state_dir: Path, *, takes_secrets: bool) -> None:
        self.os, self.arch = machine.os, machine.arch
        self.software = f"buildbot-worker/{machine.version}"
        self.work_directory = machine.basedir
        self._machine = machine
        self._takes_secrets = takes_secrets
        self.features: Sequence[str] = self._offered()
        self._started = state_dir / STARTED_FOLDER
        """A file for each command whose end isn't known: its id, and in it the mark of its processes."""
        self._started.mkdir(mode=0o700, exist_ok=True)

    def _offered(self) -> list[str]:
        """Features that Buildbot's protocol can offer; `tree_kill` only on Linux, where /proc shows environments."""
        return [
            *FEATURES,
            *(["secrets"] if self._takes_secrets else []),
            *(["tree_kill"] if self.os == "linux" else []),
        ]

    def heartbeat_stats(self) -> pb.Heartbeat:
        """An empty Heartbeat: Buildbot's protocol reports neither load nor free disk."""
        return pb.Heartbeat()

    async def clean(self) -> None:
        """Kill the processes and remove the secret files that an earlier connection left on the machine.

        Raises:
            ConnectionLostError, NoAnswerError: it can't be said that nothing is left.
        """
        left = {path.name: path.read_text() for path in self._started.iterdir()}
        for command_id in left:
            await self._interrupt(command_id)
        await self._machine.kill_marked([cookie for cookie in left.values() if cookie])
        if self._takes_secrets:
            await secret_files.remove_left_over(self._machine)
        for command_id in left:
            (self._started / command_id).unlink()

    async def run_command(self, attempt: Attempt, plan: Plan) -> pb.Exited:
        """Run the plan's command as the Buildbot worker's `shell` command."""
        refusal = _inexpressible(plan.spec.command, self._machine)
        if refusal:
            return pb.Exited(reason=pb.EXIT_REASON_START_FAILED, start_failure=pb.START_FAILURE_OTHER, message=refusal)
        command_id = f"{attempt.run_id}.{attempt.attempt}"
        (self._started / command_id).write_text(attempt.cookie)
        execution = Execution(self._machine, command_id, attempt, plan)
        exited = await execution.complete()
        if execution.end_is_known:
            (self._started / command_id).unlink(missing_ok=True)
        return exited

    async def operate(self, attempt: Attempt, plan: Plan) -> list[pb.FileResult]:
        """Do a file operation by the Buildbot worker's commands, which can't be stopped before their end."""
        try:
            return await Files(self._machine, plan.spec.builddir).operate(plan.spec)
        except ConnectionLostError:
            raise _interrupted(attempt) from None

    async def fetch_files(self, attempt: Attempt, plan: Plan, blobs: BlobStore) -> pb.FileError | None:
        """By way of the bridge."""
        try:
            return await staging.fetch(self._machine, attempt, plan, blobs)
        except ConnectionLostError:
            raise _interrupted(attempt) from None

    async def upload_files(self, attempt: Attempt, plan: Plan, blobs: BlobStore, *, succeeded: bool) -> pb.FileResult:
        """By way of the bridge."""
        try:
            return await staging.upload(self._machine, attempt, plan, blobs, succeeded=succeeded)
        except ConnectionLostError:
            raise _interrupted(attempt) from None

    async def kill_orphans(self, orphans: Mapping[str, OrphanedRun]) -> dict[str, list[Survivor]]:
        """Kill processes that carry the attempts' cookies; if the machine is gone, `clean` does so when it is back."""
        survivors: dict[str, list[Survivor]] = {}
        for cookie in orphans:
            try:
                killed = await self._machine.kill_marked([cookie])
            except (ConnectionLostError, NoAnswerError):
                killed = []
            survivors[cookie] = [Survivor(pid, name) for pid, name in killed]
        return survivors

    async def _interrupt(self, command_id: str) -> None:
        """Ask the Buildbot worker to kill a command's process group; without effect if it has been restarted."""
        try:
            await self._machine.connection.request(
                "interrupt_command", command_id=command_id, why="an earlier connection started it"
            )
        except RefusedError:
            return


def _interrupted(attempt: Attempt) -> StoppedError:
    attempt.stop.make(pb.EXIT_REASON_INTERRUPTED, pb.STOP_LEVEL_KILL)
    return StoppedError(BROKEN)


def _inexpressible(command: pb.Command, machine: Machine) -> str:
    """Why the old protocol can't express a command; empty if it can."""
    if command.HasField("pty") and command.stdin:
        return "a Buildbot worker can't give a terminal and standard input to one command"
    texts = [*(file.path for file in command.watch_files), *(each.value for each in command.secrets)]
    try:
        machine.sent(command.stdin)
        for text in texts:
            text.decode()
    except UnicodeDecodeError:
        return "a Buildbot worker takes only UTF-8: in standard input, names of watched files and secrets"
    if any(file.path.startswith(b"/") or b".." in file.path.split(b"/") for file in command.watch_files):
        return "a watched file leads out of the build directory"
    return ""
