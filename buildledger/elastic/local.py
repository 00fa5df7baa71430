"""Driver `local`: workers as processes beside the server, which outlive it."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from buildledger.elastic import processes
from buildledger.elastic.command_line import LAUNCH, inherited, server_of, worker_environment, worker_options
from buildledger.elastic.driver import MARK_VARIABLE, Gateway, Machine, MachineStatus, StartError
from buildledger.elastic.output import last_line_of
from buildledger.elastic.unused import remove_unused

LOOK_SECONDS = 1.0
WAIT_SECONDS = 0.25
CLAIM_SECONDS = 10.0
"""A shell takes so long at the most to write down its number."""
POLL_SECONDS = 0.02
BURIAL_SECONDS = 1.0
"""Between losing its memory and being dead a process takes a moment."""
OWN_WORKER = (sys.executable, "-P", "-m", "buildledger", "worker")
"""With `-P`, so that nothing is imported from whatever directory it is started in."""


class OtherHomes(Protocol):
    """Where other servers start processes, one of which did so before this one."""

    def here(self) -> Sequence[Path]:
        """Their directories for it on this machine."""
        ...

    def elsewhere(self) -> Sequence[str]:
        """The places of those on other machines, for people."""
        ...


class NoOtherHomes:
    """A server that is alone."""

    def here(self) -> Sequence[Path]:
        """See `OtherHomes`."""
        return ()

    def elsewhere(self) -> Sequence[str]:
        """See `OtherHomes`."""
        return ()


class LocalDriver:
    """See `Driver`. Each worker has a directory in `home`; a process is known by its number and the mark it bears."""

    inspect_seconds = LOOK_SECONDS
    wait_seconds = WAIT_SECONDS

    def __init__(self, home: Path, gateway: Gateway, others: OtherHomes | None = None) -> None:
        self._others = others or NoOtherHomes()
        self._home = home.resolve()
        self._gateway = gateway
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        """Those that this process has started and must bury; by mark."""

    async def start(self, machine: Machine, token: str) -> None:
        """See `Driver`."""
        if not processes.AVAILABLE:
            raise StartError("the driver 'local' needs Linux: it finds its processes again by /proc")
        await asyncio.to_thread(self._spawn, machine, token)
        await asyncio.to_thread(self._await_claim, machine)

    async def inspect(self, machine: Machine) -> MachineStatus:
        """See `Driver`."""
        return await asyncio.to_thread(self._inspect, machine)

    async def stop(self, machine: Machine, *, force: bool) -> None:
        """See `Driver`."""
        if (pid := self._pid(machine)) is not None:
            await asyncio.to_thread(processes.stop, pid, _mark(machine), force=force)
        if force:
            await asyncio.to_thread(processes.kill_marked, _mark(machine))

    async def forget(self, machine: Machine) -> None:
        """See `Driver`."""
        if (child := self._children.pop(machine.mark, None)) is not None:
            child.poll()
        await asyncio.to_thread(remove_unused, self._home, machine.worker)

    async def close(self) -> None:
        """See `Driver`."""

    def _directory(self, machine: Machine) -> Path:
        """Where it was started on this machine, by this server or one that led before; else where it is to be."""
        for home in (self._home, *self._others.here()):
            if (home / machine.worker / _pid_name(machine)).exists():
                return home / machine.worker
        return self._home / machine.worker

    def _pid_file(self, machine: Machine) -> Path:
        return self._directory(machine) / _pid_name(machine)

    def _pid(self, machine: Machine) -> int | None:
        try:
            return int(self._pid_file(machine).read_text())
        except (OSError, ValueError):
            return None

    def _spawn(self, machine: Machine, token: str) -> None:
        directory = self._directory(machine)
        launch = ["/bin/sh", "-c", LAUNCH, "launch", str(directory), str(machine.start), *self._argv(machine)]
        try:
            directory.mkdir(parents=True, exist_ok=True)
            self._children[machine.mark] = subprocess.Popen(
                launch,
                env=inherited() | worker_environment(machine, token),
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        except OSError as error:
            raise StartError(f"no process can be started in {directory}: {error.strerror}") from error

    def _await_claim(self, machine: Machine) -> None:
        """Wait until the process has written down its number, or couldn't."""
        child, claim = self._children[machine.mark], self._pid_file(machine)
        deadline = time.monotonic() + CLAIM_SECONDS
        while not claim.exists():
            if (code := child.poll()) is not None and code < 0:
                raise StartError(f"the worker's process {_how(code)} before it had begun")
            if code is not None or time.monotonic() > deadline:
                raise StartError(f"the worker's directory {claim.parent} can't be made or written to")
            time.sleep(POLL_SECONDS)

    def _argv(self, machine: Machine) -> Sequence[str]:
        settings = machine.settings
        server = server_of(settings, self._gateway)
        place = ["--server", server, "--name", machine.worker, "--state", str(self._directory(machine) / "worker")]
        return [*(settings.command or OWN_WORKER), *place, *worker_options(settings)]

    def _inspect(self, machine: Machine) -> MachineStatus:
        if (pid := self._pid(machine)) is None:
            if places := self._others.elsewhere():
                return MachineStatus("elsewhere", f"no trace of it here; it may run on {', '.join(places)}")
            return MachineStatus("absent")
        if processes.holds(pid, _mark(machine)):
            return MachineStatus("running", f"process {pid}")
        child = self._children.get(machine.mark)
        how = f"process {pid} has ended"
        if child is not None and child.pid == pid:
            with contextlib.suppress(subprocess.TimeoutExpired):
                how = _how(child.wait(BURIAL_SECONDS))
        return MachineStatus("ended", last_line_of(how, self._directory(machine) / "output.log"))


def _pid_name(machine: Machine) -> str:
    return f"start-{machine.start}.pid"


def _mark(machine: Machine) -> str:
    return f"{MARK_VARIABLE}={machine.mark}"


def _how(code: int) -> str:
    return f"ended by signal {-code}" if code < 0 else f"exited with {code}"
