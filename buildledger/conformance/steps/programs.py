"""Steps about processes: the worker itself, and those it runs."""

from __future__ import annotations

import asyncio
import os
import signal
from typing import ClassVar, Literal

from buildledger.conformance import processes
from buildledger.conformance.quantities import Seconds, Size
from buildledger.conformance.stage import CaseFailedError, NotOfferedError, Stage
from buildledger.conformance.steps.step import PATIENCE_SECONDS, Step


class KillWorker(Step):
    """SIGKILL the worker."""

    async def play(self, stage: Stage) -> None:
        """Kill it."""
        stage.transcript.add("kit", "kills the worker")
        await stage.worker.kill()


class KillSupervisor(Step):
    """SIGKILL the program that looks after a run for the worker: the parent of the run's root process. Linux only."""

    main_field: ClassVar[str] = "run"
    run: str

    async def play(self, stage: Stage) -> None:
        """Find it and kill it."""
        if not processes.CAN_LOOK:
            raise NotOfferedError("this machine doesn't tell the parent of a process")
        started = [each.event.started.pid for each in stage.record(self.run).stored if each.kind == "started"]
        supervisor = processes.parent_of(started[0]) if started else 0
        if supervisor <= 1 or supervisor == stage.worker.pid:
            raise CaseFailedError(f"run {self.run} has no supervisor of its own")
        stage.transcript.add("kit", f"kills the supervisor of run {self.run}: pid {supervisor}")
        os.kill(supervisor, signal.SIGKILL)


class StartWorker(Step):
    """Start the worker, or start it again with the same command line and state."""

    async def play(self, stage: Stage) -> None:
        """Start it."""
        await stage.worker.start()


class SignalWorker(Step):
    """Send the worker a signal."""

    main_field: ClassVar[str] = "name"
    name: Literal["TERM", "INT", "HUP", "STOP", "CONT"]

    async def play(self, stage: Stage) -> None:
        """Send it."""
        stage.worker.send_signal(signal.Signals[f"SIG{self.name}"])


class AwaitWorkerEnd(Step):
    """Wait until the worker program has ended by itself."""

    within: Seconds = PATIENCE_SECONDS
    code: int | None = None

    async def play(self, stage: Stage) -> None:
        """Wait and compare."""
        code = await stage.worker.ended(self.within * stage.patience)
        if code is None:
            raise CaseFailedError(f"the worker didn't end within {self.within:g} s")
        if self.code is not None and code != self.code:
            raise CaseFailedError(f"the worker ended with {code}, not {self.code}")


class CheckWorker(Step):
    """The worker program must be running."""

    async def play(self, stage: Stage) -> None:
        """Look."""
        if not stage.worker.is_running:
            raise CaseFailedError(f"the worker has ended with {stage.worker.exit_code}")


class AwaitProcesses(Step):
    """Wait until a scratch file has `count` process ids, and until the processes are dead or alive."""

    file: str
    are: Literal["dead", "alive"]
    count: int | None = None
    within: Seconds = 10.0

    async def play(self, stage: Stage) -> None:
        """Look until it is so."""
        path = stage.scratch / self.file
        await stage.until_looked(
            lambda: self.count is None or len(_ids(path)) >= self.count, self.within, f"{self.count} processes"
        )
        ids = _ids(path)[: self.count]
        wanted = self.are == "alive"
        try:
            await stage.until_looked(
                lambda: all(processes.is_alive(pid) is wanted for pid in ids), self.within, f"all processes {self.are}"
            )
        except CaseFailedError as error:
            wrong = [pid for pid in ids if processes.is_alive(pid) is not wanted]
            raise CaseFailedError(f"of {len(ids)} processes, not {self.are} are {wrong}: {error}") from None


class CheckProcesses(Step):
    """The processes whose ids stand in a scratch file must be dead (alive) at this moment: Exited has promised it."""

    file: str
    are: Literal["dead", "alive"]
    count: int

    async def play(self, stage: Stage) -> None:
        """Look."""
        ids = _ids(stage.scratch / self.file)
        if len(ids) != self.count:
            raise CaseFailedError(f"{len(ids)} processes were started, not {self.count}")
        wrong = [pid for pid in ids if processes.is_alive(pid) is not (self.are == "alive")]
        if wrong:
            raise CaseFailedError(f"of {len(ids)} processes, {len(wrong)} are not {self.are}")


class NoteMemory(Step):
    """Remember the peak of the worker's resident memory."""

    async def play(self, stage: Stage) -> None:
        """Ask the system."""
        stage.memory_noted_bytes = await asyncio.to_thread(processes.memory_bytes, stage.worker.pid)


class CheckMemory(Step):
    """The peak of the worker's memory must not have grown by more since it was noted; checked on Linux only."""

    main_field: ClassVar[str] = "grown_at_most"
    grown_at_most: Size

    async def play(self, stage: Stage) -> None:
        """Ask the system and compare."""
        peak = await asyncio.to_thread(processes.memory_bytes, stage.worker.pid)
        grown = peak - stage.memory_noted_bytes
        stage.transcript.add("kit", f"the worker's memory has grown by {grown >> 10} KiB to {peak >> 10} KiB")
        if grown > self.grown_at_most:
            raise CaseFailedError(f"the worker's memory has grown by {grown} bytes, more than {self.grown_at_most}")


class MoveClock(Step):
    """Move the worker's wall clock. A worker whose clock doesn't move (a static binary) isn't offered the case."""

    main_field: ClassVar[str] = "by"
    by: Seconds

    async def play(self, stage: Stage) -> None:
        """Write the offset where the worker's clock reads it."""
        if stage.clock_file is None:
            raise NotOfferedError("this machine can't move the clock of a program: no compiler, or not Linux")
        stage.transcript.add("kit", f"moves the worker's wall clock by {self.by:g} s")
        stage.clock_file.write_bytes(int(self.by).to_bytes(8, "little", signed=True))


def _ids(path: object) -> list[int]:
    try:
        with open(str(path), encoding="ascii") as file:  # noqa: PTH123 - of any path-like
            return [int(line) for line in file]
    except FileNotFoundError:
        return []
