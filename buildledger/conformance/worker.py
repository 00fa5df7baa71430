"""The worker under test: a subprocess, made from a command line that somebody else wrote."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shlex
import signal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from buildledger.conformance.transcript import Transcript

PLACEHOLDERS = ("server", "name", "state", "work", "token", "spool")
"""What a command line may contain in braces; each is also an environment variable, `CONFORMANCE_SERVER` and so on."""
CASE_VARIABLE = "CONFORMANCE_CASE"
_LONGEST_END_SECONDS = 10.0
_STDERR_LINES = 25
_ENDING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


@dataclass(frozen=True, kw_only=True)
class WorkerCommand:
    """How the worker under test is started."""

    argv: Sequence[str]

    def takes(self, name: str) -> bool:
        """Whether the worker is told this."""
        return any(f"{{{name}}}" in word for word in self.argv)

    def fill(self, values: Mapping[str, str]) -> list[str]:
        """The command line with its placeholders replaced; other braces stay."""
        argv = list(self.argv)
        for name in PLACEHOLDERS:
            argv = [word.replace(f"{{{name}}}", values[name]) for word in argv]
        return argv

    def __str__(self) -> str:
        return shlex.join(self.argv)


class WorkerProcess:
    """One worker program, started, killed and started again on the same state."""

    def __init__(
        self,
        command: WorkerCommand,
        values: Mapping[str, str],
        directory: Path,
        case_mark: str,
        transcript: Transcript,
        ended: Callable[[], None],
    ) -> None:
        """`ended` is called whenever its process has ended."""
        self.values = dict(values)
        self.case_mark = case_mark
        self.environment: dict[str, str] = {}
        """Added to what it inherits."""
        self.prefix: list[str] = []
        """Put before its command line, for a worker that needs surroundings of its own."""
        self.starts = 0
        """How often it was started."""
        self.is_told_to_end = False
        """Whether the kit has killed it, or told it to end, since its last start."""
        self._command = command
        self._transcript = transcript
        self._process: asyncio.subprocess.Process | None = None
        self._ended = ended
        self._watching: asyncio.Task[None] | None = None
        self._log = directory / "worker.log"

    @property
    def pid(self) -> int:
        """Process id, which is also that of its process group and session."""
        if self._process is None:
            raise RuntimeError("the worker was never started")
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """None while it runs or if it was never started."""
        return self._process.returncode if self._process is not None else None

    @property
    def is_running(self) -> bool:
        """Whether there is a process."""
        return self._process is not None and self._process.returncode is None

    @property
    def has_left(self) -> bool:
        """Whether it has ended and nobody had told it to: what it hasn't done, it won't do."""
        return self.exit_code is not None and not self.is_told_to_end

    async def start(self) -> None:
        """Start it, as a session of its own."""
        argv = [*self.prefix, *self._command.fill(self.values)]
        environment = {
            **os.environ,
            **{f"CONFORMANCE_{name.upper()}": self.values[name] for name in PLACEHOLDERS},
            CASE_VARIABLE: self.case_mark,
            **self.environment,
        }
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *argv,
                env=environment,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.starts += 1
        self.is_told_to_end = False
        self._watching = asyncio.create_task(self._watch(self._process))
        self._transcript.add("kit", f"starts the worker: pid {self.pid}")

    async def kill(self) -> None:
        """SIGKILL to it and to whatever shares its process group: not to its runs, which have groups of their own."""
        if self._process is None:
            return
        self.is_told_to_end = True
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        await asyncio.wait_for(self._process.wait(), _LONGEST_END_SECONDS)

    def send_signal(self, number: signal.Signals) -> None:
        """A signal to the worker's process alone."""
        if self._process is not None and self._process.returncode is None:
            self.is_told_to_end = self.is_told_to_end or number in _ENDING
            self._process.send_signal(number)

    async def ended(self, limit_seconds: float) -> int | None:
        """Its exit code, or None if it doesn't end in time."""
        if self._process is None:
            return None
        with contextlib.suppress(TimeoutError):
            return await asyncio.wait_for(self._process.wait(), limit_seconds)
        return None

    async def _watch(self, process: asyncio.subprocess.Process) -> None:
        await process.wait()
        if process is self._process:
            self._transcript.add("worker", f"has ended with {process.returncode}")
            self._ended()

    def stderr_tail(self) -> list[str]:
        """The end of what it wrote to standard output and standard error."""
        try:
            lines = self._log.read_text(encoding="utf-8", errors="replace").splitlines()
        except FileNotFoundError:
            return []
        return lines[-_STDERR_LINES:]
