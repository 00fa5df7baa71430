"""Runs one command of an attempt: starts it, records its output, stops it on request or when a limit is passed."""

import asyncio
import contextlib
import logging
import os
import shutil
import signal
from collections.abc import Sequence
from pathlib import Path

from google.protobuf.duration_pb2 import Duration

from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb
from buildledger.worker.journal.records import Kind, ProcessIdentity, record_of
from buildledger.worker.processes import procfs
from buildledger.worker.processes.cgroup import Cgroup
from buildledger.worker.processes.process import ExitStatus, Launch, RunningProcess, StartFailedError, start
from buildledger.worker.processes.secret_files import secret_files
from buildledger.worker.processes.tree import ProcessReaper, ProcessTree, Survivor
from buildledger.worker.runs.attempt import Attempt, State
from buildledger.worker.runs.capture import Capture
from buildledger.worker.runs.plan import Plan, command_line, environment
from buildledger.worker.runs.watch import WatchedFile
from buildledger.worker.runs.working_directory import working_directory

# A background child that inherited the pipes doesn't keep the run open for longer.
END_OF_OUTPUT_SECONDS = 5.0
_AFTER_KILL_SECONDS = 1.0
_SIGNALS = {
    pb.STOP_LEVEL_INTERRUPT: signal.SIGINT,
    pb.STOP_LEVEL_TERMINATE: signal.SIGTERM,
    pb.STOP_LEVEL_KILL: signal.SIGKILL,
}

_log = logging.getLogger(__name__)


async def run_command(attempt: Attempt, plan: Plan, reaper: ProcessReaper, cgroup_parent: Path | None) -> pb.Exited:
    """Run the plan's command and return its result; no process of it is left then."""
    with contextlib.ExitStack() as cleanup:
        try:
            with working_directory(plan) as (descriptor, path):
                launch, cgroup = _prepare(attempt, plan, cgroup_parent, cleanup)
                files = [
                    WatchedFile(plan.directory, file.path, from_start=file.from_start)
                    for file in plan.spec.command.watch_files
                ]
                for file in files:
                    cleanup.callback(file.close)
                process = start(launch, descriptor, path)
        except StartFailedError as error:
            return _not_started(error.failure, error.message)
        except OSError as error:
            return _not_started(pb.START_FAILURE_OTHER, error.strerror or str(error))
        return await _Execution(
            attempt, plan, process, files, ProcessTree(reaper, process.pid, attempt.cookie, cgroup)
        ).complete()


def _not_started(failure: pb.StartFailure.ValueType, message: str) -> pb.Exited:
    return pb.Exited(reason=pb.EXIT_REASON_START_FAILED, start_failure=failure, message=message)


def _prepare(
    attempt: Attempt, plan: Plan, cgroup_parent: Path | None, cleanup: contextlib.ExitStack
) -> tuple[Launch, Cgroup | None]:
    """Make the directories and files that the command needs; those that must go again are left to `cleanup`."""
    command = plan.spec.command
    env = environment(command, os.environ, attempt.cookie)
    if any(secret.file_env for secret in command.secrets):
        state_dir = attempt.store.settings.state_dir
        env.update(cleanup.enter_context(secret_files(command, attempt.cookie, state_dir)))
    argv = command_line(command)
    cgroup = None
    if cgroup_parent is not None:
        cgroup = Cgroup.create(cgroup_parent, f"run-{attempt.cookie}")
        if shutil.which(argv[0], path=env.get("PATH")) is None:
            cgroup.remove()
            raise StartFailedError(pb.START_FAILURE_PROGRAM_NOT_FOUND, f"there is no program {argv[0]!r}")
        argv = cgroup.enter_command(argv)
    size = (command.pty.rows or 24, command.pty.columns or 80) if command.HasField("pty") else None
    launch = Launch(
        argv=argv,
        env=env,
        stdin=command.stdin,
        merge_stderr=command.merge_stderr,
        umask=command.umask if command.HasField("umask") else -1,
        terminal=size,
    )
    return launch, cgroup


class _Execution:
    """A command that runs."""

    def __init__(
        self,
        attempt: Attempt,
        plan: Plan,
        process: RunningProcess,
        files: Sequence[WatchedFile],
        tree: ProcessTree,
    ) -> None:
        self._attempt = attempt
        self._plan = plan
        self._process = process
        self._tree = tree
        self._capture = Capture(attempt, plan, process.outputs, files)
        self._loop = asyncio.get_running_loop()
        self._started_at = self._loop.time()
        self._silence_timer: asyncio.TimerHandle | None = None
        self._killed = False
        self._record_start()

    async def complete(self) -> pb.Exited:
        """Wait for the end, or bring it about; clean up after it."""
        if self._plan.no_output_seconds:
            self._check_for_output()
        stopper = asyncio.create_task(self._stop_when_asked())
        try:
            status = await self._process.ended
        except asyncio.CancelledError:
            # The worker is being torn down: leave nothing behind.
            self._tree.signal(signal.SIGKILL)
            self._capture.close()
            raise
        finally:
            stopper.cancel()
            if self._silence_timer is not None:
                self._silence_timer.cancel()
        if not self._killed:
            await self._capture.wait_for_end(END_OF_OUTPUT_SECONDS)
        survivors = await self._tree.kill_survivors()
        if survivors or self._killed:
            await self._capture.wait_for_end(_AFTER_KILL_SECONDS)
        self._capture.finish()
        return self._exited(status, survivors)

    def _record_start(self) -> None:
        pid = self._process.pid
        info = procfs.read_stat(pid)
        identity = ProcessIdentity(
            pid=pid,
            started_ticks=info.started_ticks if info is not None else 0,
            cgroup=self._tree.cgroup_path,
        )
        self._attempt.state = State.RUNNING
        try:
            self._attempt.record_event(
                pb.RunEvent(started=pb.Started(pid=pid, mechanism=self._tree.mechanism)),
                record_of(Kind.PROCESS, identity.encode()),
            )
        except OSError as error:
            self._capture.recording.storage_failed(error)

    def _check_for_output(self) -> None:
        """Stop the run if it has written nothing for too long, else check again when that will be so."""
        if self._capture.is_blocked:
            # It can't write, which is not its fault.
            due = self._loop.time() + self._plan.no_output_seconds
        else:
            due = max(self._capture.last_output_at, self._started_at) + self._plan.no_output_seconds
        if due <= self._loop.time():
            self._attempt.stop.make(pb.EXIT_REASON_NO_OUTPUT, pb.STOP_LEVEL_INTERRUPT)
        else:
            self._silence_timer = self._loop.call_at(due, self._check_for_output)

    async def _stop_when_asked(self) -> None:
        """Go through the stop policy once the end is asked for; a more urgent request skips ahead."""
        async for level in self._attempt.stop.levels_of(self._plan.stop_policy):
            self._signal(level)

    def _signal(self, level: pb.StopLevel.ValueType) -> None:
        self._attempt.state = State.STOPPING
        try:
            stopping = pb.Stopping(level=level, reason=self._attempt.stop.reason)
            self._attempt.record_event(pb.RunEvent(stopping=stopping))
        except OSError as error:
            self._capture.recording.storage_failed(error)
        self._killed = level == pb.STOP_LEVEL_KILL
        self._tree.signal(_SIGNALS[level])

    def _exited(self, status: ExitStatus, survivors: list[Survivor]) -> pb.Exited:
        exited = pb.Exited(
            reason=self._attempt.stop.reason or pb.EXIT_REASON_COMPLETED,
            message=self._capture.recording.trouble,
            survivors_killed=[pb.Survivor(pid=each.pid, name=each.name) for each in survivors],
            output_totals=self._capture.recording.totals(),
            ran_for=_duration(self._loop.time() - self._started_at),
            user_cpu=_duration(status.user_seconds),
            system_cpu=_duration(status.system_seconds),
        )
        if status.signal is not None:
            exited.signal = status.signal
        elif status.code is not None:
            exited.code = status.code
        return exited


def _duration(seconds: float) -> Duration:
    whole = int(seconds)
    return Duration(seconds=whole, nanos=int((seconds - whole) * 1e9))
