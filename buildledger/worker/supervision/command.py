"""A supervisor as its worker sees it: started by this process, or attached to after a restart of the worker."""

import asyncio
import contextlib
import os
import subprocess
from pathlib import Path
from typing import Any, Protocol

from buildledger.worker.contract.directory import SupervisedDirectory, SupervisorIdentity
from buildledger.worker.contract.launch import line_of, own_environment

# A supervisor that no pipe leads from has to be looked after.
_LOOK_SECONDS = 0.05
_ATTENTION_SECONDS = 4.0
_REAP_SECONDS = 0.005
_NOTIFICATION_BYTES = 4096


class Supervisor(Protocol):
    """Runs one command, and goes on when the worker doesn't."""

    @property
    def has_ended(self) -> bool:
        """Whether its process is gone; what it wrote is there then."""

    async def notified(self, limit_seconds: float | None) -> None:
        """Wait until it may have written something or ended, but not longer than the limit."""

    def stop(self, order: dict[str, Any]) -> None:
        """Ask it to end its command. Raises OSError if that can't be done."""

    def close(self) -> None:
        """Close what connects it with this process; it goes on if it still runs."""


class StartedSupervisor:
    """One that this process started: orders go over a pipe, and it notifies over another when it wrote something."""

    def __init__(self, program: Path, directory: SupervisedDirectory) -> None:
        """Start it; it waits for its launch. Blocks for about a millisecond.

        Raises:
            OSError: there is no process.
        """
        self._process = subprocess.Popen(
            [program, directory.path],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            # Nobody else writes it down, and it goes on when whoever reads the worker's is gone.
            stderr=subprocess.DEVNULL,
            cwd="/",
            env=own_environment(),
            start_new_session=True,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._orders = self._process.stdin.fileno()
        self._notifications = self._process.stdout.fileno()
        self._unsent = b""
        self._notification = asyncio.Event()
        self._is_listening = True
        self._loop = asyncio.get_running_loop()
        for descriptor in (self._orders, self._notifications):
            os.set_blocking(descriptor, False)
        self._loop.add_reader(self._notifications, self._notify)

    @property
    def has_ended(self) -> bool:
        """Whether it closed its notification pipe and was waited for."""
        return not self._is_listening and self._process.poll() is not None

    async def notified(self, limit_seconds: float | None) -> None:
        """Wait for a notification; after the end of that pipe, for the end of the process."""
        if not self._is_listening:
            await asyncio.sleep(_REAP_SECONDS)
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(limit_seconds):
                await self._notification.wait()
        self._notification.clear()

    def send(self, message: dict[str, Any]) -> None:
        """Write a line to it; what the pipe doesn't take follows by itself."""
        if self._process.stdin is None or self._process.stdin.closed:
            return
        is_waiting = bool(self._unsent)
        self._unsent += line_of(message)
        if not is_waiting:
            self._write()

    def stop(self, order: dict[str, Any]) -> None:
        """Ask over the pipe."""
        self.send(order)

    def close(self) -> None:
        """Close both pipes."""
        self._stop_listening()
        self._stop_writing()

    def _notify(self) -> None:
        try:
            marks = os.read(self._notifications, _NOTIFICATION_BYTES)
        except BlockingIOError:
            return
        if not marks:
            self._stop_listening()
            self._stop_writing()
        self._notification.set()

    def _write(self) -> None:
        try:
            written = os.write(self._orders, self._unsent)
        except BlockingIOError:
            written = 0
        except OSError:
            # It is gone; the notification pipe ends too.
            self._stop_writing()
            return
        self._unsent = self._unsent[written:]
        if self._unsent:
            self._loop.add_writer(self._orders, self._write)
        else:
            self._loop.remove_writer(self._orders)

    def _stop_listening(self) -> None:
        if self._is_listening and self._process.stdout is not None:
            self._is_listening = False
            self._loop.remove_reader(self._notifications)
            self._process.stdout.close()

    def _stop_writing(self) -> None:
        if self._process.stdin is not None and not self._process.stdin.closed:
            self._unsent = b""
            self._loop.remove_writer(self._orders)
            with contextlib.suppress(OSError):
                self._process.stdin.close()


class AttachedSupervisor:
    """One that an earlier worker process started: orders go through files, and its directory is polled."""

    def __init__(self, identity: SupervisorIdentity | None, directory: SupervisedDirectory) -> None:
        self._identity = identity
        self._directory = directory
        self._attended_at: float | None = None

    @property
    def has_ended(self) -> bool:
        """Whether its process is gone."""
        return self._identity is None or not self._identity.is_alive

    async def notified(self, limit_seconds: float | None) -> None:
        """Sleep until the next poll; every few seconds mark its directory as attended."""
        now = asyncio.get_running_loop().time()
        if self._attended_at is None or now - self._attended_at > _ATTENTION_SECONDS:
            self._attended_at = now
            self._directory.mark_attended()
        await asyncio.sleep(_LOOK_SECONDS if limit_seconds is None else min(limit_seconds, _LOOK_SECONDS))

    def stop(self, order: dict[str, Any]) -> None:
        """Write the order into its directory."""
        self._directory.ask_to_stop(order)

    def close(self) -> None:
        """It has no pipes."""
