"""Steps about processes: the worker itself, and those it runs."""

from __future__ import annotations

import asyncio
import os
import signal
from typing import ClassVar, Literal

from buildledger.conformance import processes
from buildledger.conformance.case_context import CaseContext, CaseFailedError, NotOfferedError
from buildledger.conformance.quantities import Seconds, Size
from buildledger.conformance.steps.step import PATIENCE_SECONDS, Step


class KillWorker(Step):
    """SIGKILL the worker."""

    async def execute(self, context: CaseContext) -> None:
        """Kill it."""
        context.transcript.add("kit", "kills the worker")
        await context.worker.kill()


class KillSupervisor(Step):
    """SIGKILL the program that looks after a run for the worker: the parent of the run's root process. Linux only."""

    main_field: ClassVar[str] = "run"
    run: str

    async def execute(self, context: CaseContext) -> None:
        """Find it and kill it."""
        if not processes.CAN_LOOK:
            raise NotOfferedError("this machine doesn't tell the parent of a process")
        started = [each.event.started.pid for each in context.record(self.run).stored if each.kind == "started"]
        supervisor = processes.parent_of(started[0]) if started else 0
        if supervisor <= 1 or supervisor == context.worker.pid:
            raise CaseFailedError(f"run {self.run} has no supervisor of its own")
        context.transcript.add("kit", f"kills the supervisor of run {self.run}: pid {supervisor}")
        os.kill(supervisor, signal.SIGKILL)


class StartWorker(Step):
    """Start the worker, or start it again with the same command line and state."""

    async def execute(self, context: CaseContext) -> None:
        """Start it."""
        await context.worker.start()


class SignalWorker(Step):
    """Send the worker a signal."""

    main_field: ClassVar[str] = "name"
    name: Literal["TERM", "INT", "HUP", "STOP", "CONT"]

    async def execute(self, context: CaseContext) -> None:
        """Send it."""
        context.worker.send_signal(signal.Signals[f"SIG{self.name}"])


class AwaitWorkerEnd(Step):
    """Wait until the worker program has ended by itself."""

    within: Seconds = PATIENCE_SECONDS
    code: int | None = None

    async def execute(self, context: CaseContext) -> None:
        """Wait and compare."""
        code = await context.worker.ended(self.within * context.patience)
        if code is None:
            raise CaseFailedError(f"the worker didn't end within {self.within:g} s")
        if self.code is not None and code != self.code:
            raise CaseFailedError(f"the worker ended with {code}, not {self.code}")


class CheckWorker(Step):
    """The worker program must be running."""

    async def execute(self, context: CaseContext) -> None:
        """Look."""
        if not context.worker.is_running:
            raise CaseFailedError(f"the worker has ended with {context.worker.exit_code}")


class AwaitProcesses(Step):
    """Wait until a scratch file has `count` process ids, and until the processes are dead or alive."""

    file: str
    are: Literal["dead", "alive"]
    count: int | None = None
    within: Seconds = 10.0

    async def execute(self, context: CaseContext) -> None:
        """Look until it is so."""
        path = context.scratch / self.file
        await context.until_looked(
            lambda: self.count is None or len(_ids(path)) >= self.count, self.within, f"{self.count} processes"
        )
        ids = _ids(path)[: self.count]
        wanted = self.are == "alive"
        try:
            await context.until_looked(
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

    async def execute(self, context: CaseContext) -> None:
        """Look."""
        ids = _ids(context.scratch / self.file)
        if len(ids) != self.count:
            raise CaseFailedError(f"{len(ids)} processes were started, not {self.count}")
        wrong = [pid for pid in ids if processes.is_alive(pid) is not (self.are == "alive")]
        if wrong:
            raise CaseFailedError(f"of {len(ids)} processes, {len(wrong)} are not {self.are}")


class NoteMemory(Step):
    """Remember the peak of the worker's resident memory."""

    async def execute(self, context: CaseContext) -> None:
        """Ask the system."""
        context.memory_noted_bytes = await asyncio.to_thread(processes.memory_bytes, context.worker.pid)


class CheckMemory(Step):
    """The peak of the worker's memory must not have grown by more since it was noted; checked on Linux only."""

    main_field: ClassVar[str] = "grown_at_most"
    grown_at_most: Size

    async def execute(self, context: CaseContext) -> None:
        """Ask the system and compare."""
        peak = await asyncio.to_thread(processes.memory_bytes, context.worker.pid)
        grown = peak - context.memory_noted_bytes
        context.transcript.add("kit", f"the worker's memory has grown by {grown >> 10} KiB to {peak >> 10} KiB")
        if grown > self.grown_at_most:
            raise CaseFailedError(f"the worker's memory has grown by {grown} bytes, more than {self.grown_at_most}")


class MoveClock(Step):
    """Move the worker's wall clock. A worker whose clock doesn't move (a static binary) isn't offered the case."""

    main_field: ClassVar[str] = "by"
    by: Seconds

    async def execute(self, context: CaseContext) -> None:
        """Write the offset where the worker's clock reads it."""
        if context.clock_file is None:
            raise NotOfferedError("this machine can't move the clock of a program: no compiler, or not Linux")
        context.transcript.add("kit", f"moves the worker's wall clock by {self.by:g} s")
        # The file is never empty: the program that moves the clock has it mapped, and reads it at any moment.
        with context.clock_file.open("r+b", buffering=0) as file:
            file.write(int(self.by).to_bytes(8, "little", signed=True))


def _ids(path: object) -> list[int]:
    try:
        with open(str(path), encoding="ascii") as file:  # noqa: PTH123 - of any path-like
            return [int(line) for line in file]
    except FileNotFoundError:
        return []
