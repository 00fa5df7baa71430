"""Runs one command of an attempt on a Buildbot worker, and stops it on request or when a limit is passed."""

import asyncio
import contextlib
import logging
from typing import Any

from google.protobuf.duration_pb2 import Duration

from buildledger.bridge import script
from buildledger.bridge.connection import ConnectionLostError
from buildledger.bridge.machine import Machine, NoAnswerError
from buildledger.bridge.remote import RemoteCommand
from buildledger.bridge.secret_files import SecretFiles
from buildledger.events.operation import ProcessMechanism
from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb
from buildledger.worker.journal.records import Kind, ProcessIdentity, record_of
from buildledger.worker.runs.attempt import Attempt, State
from buildledger.worker.runs.command import END_OF_OUTPUT_SECONDS
from buildledger.worker.runs.plan import Plan, command_line
from buildledger.worker.runs.recording import Recording

BROKEN = (
    "the connection to the Buildbot worker broke, and its protocol can't resume a command; what is left of it is "
    "killed when the worker is back"
)
"""What is said of a command whose end isn't known."""
ROOT_CHECK_SECONDS = (3.0, 60.0)
"""Between looks whether the root process is still there: at first, and at last."""
_FIRST_LINE_CHARACTERS = 4096
_SIGNAL_NAMES = {pb.STOP_LEVEL_INTERRUPT: "INT", pb.STOP_LEVEL_TERMINATE: "TERM"}

_log = logging.getLogger(__name__)


class Execution(RemoteCommand):
    """A command of a run; the first line of its output is the wrapping shell's and says whether it was started."""

    def __init__(self, machine: Machine, command_id: str, attempt: Attempt, plan: Plan) -> None:
        super().__init__(machine.connection, command_id)
        self.end_is_known = False
        """Nothing of it is left on the machine."""
        self._machine = machine
        self._attempt = attempt
        self._plan = plan
        self._recording = Recording(attempt, plan, self._pause)
        self._channels = {channel.name: channel for channel in self._recording.channels}
        self._first_line: str | None = ""
        self._pid = 0
        self._not_started: pb.Exited | None = None
        self._started = asyncio.Event()
        self._survivors: list[tuple[int, str]] = []
        self._killing = asyncio.Lock()
        self._loop = asyncio.get_running_loop()
        self._started_at = self._wrote_at = self._loop.time()
        self._output_timer: asyncio.TimerHandle | None = None

    async def complete(self) -> pb.Exited:
        """Run it to its end."""
        watchers = [asyncio.create_task(each) for each in (self._stop_when_asked(), self._end_with_root())]
        secrets = SecretFiles(self._machine, self._plan.spec.command, self._attempt.cookie)
        try:
            async with secrets as paths:
                await self.run("shell", self._arguments(paths))
                watchers[0].cancel()
                await self._kill_survivors()
                self.end_is_known = True
        except (ConnectionLostError, NoAnswerError) as error:
            return self._broken(str(error) or BROKEN)
        finally:
            for watcher in watchers:
                watcher.cancel()
            if self._output_timer is not None:
                self._output_timer.cancel()
            await asyncio.gather(*watchers, return_exceptions=True)
            self._recording.finish()
        return self._exited()

    def wrote(self, channel: str, text: str) -> None:
        """Record output, after the shell's own first line."""
        if channel == "stdout" and self._first_line is not None:
            self._first_line += text
            line, newline, text = self._first_line.partition("\n")
            if not newline and len(self._first_line) < _FIRST_LINE_CHARACTERS:
                return
            self._first_line = None
            self._begun(*line.strip().partition(" ")[::2])
        if self._pid and text:
            self._wrote_at = self._loop.time()
            self._channels[self._channel(channel)].feed(self._machine.written(text))

    def _channel(self, channel: str) -> str:
        return "stdio" if channel == "stdout" and "stdio" in self._plan.channels else channel

    def _begun(self, word: str, rest: str) -> None:
        """Take note of the shell's first line: the process id, or why nothing was started."""
        match word:
            case script.STARTED:
                self._pid = int(rest)
                self._record_start()
            case script.NO_PROGRAM:
                self._fail(pb.START_FAILURE_PROGRAM_NOT_FOUND, f"there is no program {rest!r}")
            case script.NO_DIRECTORY:
                cwd = self._plan.spec.command.cwd
                self._fail(pb.START_FAILURE_BAD_CWD, f"{cwd!r} isn't a directory that can be entered")
            case script.OUTSIDE:
                cwd = self._plan.spec.command.cwd
                self._fail(pb.START_FAILURE_BAD_CWD, f"{cwd!r} leaves the build directory")
            case _:
                self._fail(pb.START_FAILURE_OTHER, f"the shell said {word!r}")

    def _record_start(self) -> None:
        self._started_at = self._wrote_at = self._loop.time()
        if self._plan.no_output_seconds:
            self._check_for_output()
        self._attempt.state = State.RUNNING
        started = pb.RunEvent(started=pb.Started(pid=self._pid, mechanism=ProcessMechanism.BUILDBOT_WORKER))
        # No process of this machine has that start time: after a restart nothing here is mistaken for it.
        identity = record_of(Kind.PROCESS, ProcessIdentity(pid=self._pid, started_ticks=0).encode())
        try:
            self._attempt.record_event(started, identity)
        except OSError as error:
            self._recording.storage_failed(error)
        self._started.set()

    def _check_for_output(self) -> None:
        """Stop the run if it has written nothing for too long, else check again when that will be so."""
        if self._machine.connection.is_paused:
            # What it writes isn't read, which is not its fault.
            self._wrote_at = self._loop.time()
        due = self._wrote_at + self._plan.no_output_seconds
        if due <= self._loop.time():
            self._attempt.stop.make(pb.EXIT_REASON_NO_OUTPUT, pb.STOP_LEVEL_INTERRUPT)
        else:
            self._output_timer = self._loop.call_at(due, self._check_for_output)

    def _fail(self, failure: pb.StartFailure.ValueType, message: str) -> None:
        self._not_started = pb.Exited(reason=pb.EXIT_REASON_START_FAILED, start_failure=failure, message=message)

    def _pause(self) -> None:
        """Stop reading from the worker until the server has taken enough."""
        connection = self._machine.connection
        if not connection.is_paused:
            connection.pause()
            self._attempt.store.spool.on_free(connection.resume)

    def _arguments(self, secret_paths: dict[str, str]) -> dict[str, Any]:
        command, plan = self._plan.spec.command, self._plan
        changed = script.changed_environment(command, self._machine.environ, self._attempt.cookie) | secret_paths
        arguments: dict[str, Any] = {
            "workdir": f"{self._machine.basedir}/{plan.spec.builddir}",
            "command": self._machine.argv(script.wrapped(command, command_line(command), changed)),
            "env": script.environment_argument(changed),
            "want_stdout": True,
            "want_stderr": True,
            "logfiles": {
                file.channel: {"filename": file.path.decode(), "follow": not file.from_start}
                for file in command.watch_files
            },
            # Limits are the bridge's: the old worker measures by its wall clock.
            "timeout": None,
            "maxTime": None,
            "usePTY": command.HasField("pty"),
            "logEnviron": False,
            "interruptSignal": "KILL",
        }
        if command.stdin:
            arguments["initial_stdin"] = self._machine.sent(command.stdin)
        return arguments

    async def _stop_when_asked(self) -> None:
        """Go through the stop policy once the end is asked for; a more urgent request skips ahead."""
        stop = self._attempt.stop
        async for level in stop.levels_of(self._plan.stop_policy):
            self._attempt.state = State.STOPPING
            try:
                stopping = pb.Stopping(level=level, reason=stop.reason)
                self._attempt.record_event(pb.RunEvent(stopping=stopping))
            except OSError as error:
                self._recording.storage_failed(error)
            with contextlib.suppress(ConnectionLostError, NoAnswerError):
                await self._signal(level)

    async def _end_with_root(self) -> None:
        """Kill processes that outlive the command's root: a Buildbot worker waits for all that hold its output open."""
        await self._started.wait()
        pause = ROOT_CHECK_SECONDS[0]
        while True:
            await asyncio.sleep(pause)
            pause = min(2 * pause, ROOT_CHECK_SECONDS[1])
            with contextlib.suppress(ConnectionLostError, NoAnswerError):
                if (await self._machine.shell(script.ALIVE, str(self._pid))).ok:
                    continue
                await asyncio.sleep(END_OF_OUTPUT_SECONDS)
                await self._kill_survivors()

    async def _kill_survivors(self) -> None:
        """Kill what is left and remember their names; one call at a time, since the last kill may end the command."""
        async with self._killing:
            self._survivors += await self._machine.kill_marked([self._attempt.cookie])

    async def _signal(self, level: pb.StopLevel.ValueType) -> None:
        name = _SIGNAL_NAMES.get(level)
        if name is None:
            await self.interrupt(pb.ExitReason.Name(self._attempt.stop.reason))
        elif self._started.is_set():
            await self._machine.shell(script.SIGNAL, name, str(self._pid))

    def _broken(self, message: str) -> pb.Exited:
        stop = self._attempt.stop
        _log.warning("run %s: %s", self._attempt.run_id, message)
        return pb.Exited(
            reason=stop.reason or pb.EXIT_REASON_INTERRUPTED,
            message=message,
            output_totals=self._recording.totals(),
            ran_for=self._ran_for(),
        )

    def _exited(self) -> pb.Exited:
        reason = self._attempt.stop.reason
        if self._not_started is not None and not reason:
            return self._not_started
        if not reason and not self._pid:
            return pb.Exited(
                reason=pb.EXIT_REASON_START_FAILED, start_failure=pb.START_FAILURE_OTHER, message=self.complaint
            )
        exited = pb.Exited(
            reason=reason or pb.EXIT_REASON_COMPLETED,
            message=self._recording.trouble or self.failure,
            survivors_killed=[pb.Survivor(pid=pid, name=name) for pid, name in self._survivors],
            output_totals=self._recording.totals(),
            ran_for=self._ran_for(),
        )
        if self.signal is not None:
            exited.signal = self.signal
        elif self.rc is not None and self.rc >= 0:
            exited.code = self.rc
        return exited

    def _ran_for(self) -> Duration:
        duration = Duration()
        duration.FromMicroseconds(int((self._loop.time() - self._started_at) * 1e6))
        return duration
