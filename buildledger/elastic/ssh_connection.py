"""A connection by OpenSSH that is opened again whenever it breaks, carries commands, and forwards a socket."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import subprocess
import tempfile
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path

from buildledger.child_processes import CannotStartError, Completed, TookTooLongError, WroteTooMuchError, run
from buildledger.config.machines import SshStart
from buildledger.elastic.command_line import inherited
from buildledger.elastic.driver import StartError, UnreachableError

CONNECT_SECONDS = 20.0
COMMAND_SECONDS = 60.0
POLL_SECONDS = 0.05
FIRST_PAUSE_SECONDS = 0.25
LONGEST_PAUSE_SECONDS = 30.0
END_SECONDS = 2.0
ERROR_BYTES = 4_096
FINAL = ("Permission denied (", "Host key verification failed", "identity file", "no such identity")
"""In what ssh says: somebody has to put something right first."""

_log = logging.getLogger(__name__)

Opened = Callable[["SshConnection"], Awaitable[tuple[str, str] | None]]
"""Called with each new connection; gives which remote socket leads to which local address, if any is to."""


class SshConnection:
    """The connection to one host: everything runs through one `ControlMaster`, which is a process of its own."""

    def __init__(self, settings: SshStart, control: Path, opened: Opened) -> None:
        self._settings = settings
        self._control = control
        self._opened = opened
        self._options = _options(settings, control)
        self._changed = asyncio.Condition()
        self._is_open = False
        self._tries = 0
        self._trouble = ""
        self._needs_a_person = False
        """What is wrong won't pass by itself."""
        self._task = asyncio.create_task(self._reconnect(), name=f"ssh {settings.host}")

    async def ready(self) -> None:
        """Wait until it is open, or the present try has failed.

        Raises:
            UnreachableError
            StartError
        """
        tries = self._tries
        async with self._changed:
            await self._changed.wait_for(lambda: self._is_open or self._tries > tries)
        if not self._is_open:
            said = f"{self._settings.host}: {self._trouble}"
            raise StartError(said) if self._needs_a_person else UnreachableError(said)

    async def call(self, command: str, stdin: bytes, *, limit_seconds: float = COMMAND_SECONDS) -> Completed:
        """Run a command line on the host, with this input.

        Raises:
            UnreachableError
        """
        argv = ["ssh", *self._options, "-o", "ControlMaster=no", "-T", "--", self._settings.host, command]
        done = await self._run(argv, stdin, limit_seconds)
        if done.exit_code == 255:
            raise UnreachableError(f"{self._settings.host}: {_last(done.error) or 'the connection broke'}")
        return done

    async def script(self, script: str) -> str:
        """Run a script on the host; gives what it prints.

        Raises:
            UnreachableError
            StartError: If it fails.
        """
        done = await self.call("sh -s", script.encode())
        if done.exit_code != 0:
            raise StartError(f"{self._settings.host}: {_last(done.error) or f'exit code {done.exit_code}'}")
        return done.output.decode("utf-8", "replace")

    async def close(self) -> None:
        """End the connection; what was started on the host goes on."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _reconnect(self) -> None:
        pause = FIRST_PAUSE_SECONDS
        await self._end_former()
        while True:
            try:
                await self._hold_open()
                pause = FIRST_PAUSE_SECONDS
                self._trouble, self._needs_a_person = "the connection was cut", False
                _log.warning("the connection to %s was cut", self._settings.host)
            except (UnreachableError, StartError, OSError) as error:
                self._trouble = str(error)
                marked = any(mark in self._trouble for mark in FINAL)
                self._needs_a_person = marked or not isinstance(error, UnreachableError)
            await self._set_open(is_open=False)
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)

    async def _hold_open(self) -> None:
        """One connection, until it is cut.

        Raises:
            UnreachableError, StartError, OSError: If it can't be opened.
        """
        master, errors = self._spawn()
        try:
            try:
                await self._open(master)
            except UnreachableError as error:
                raise UnreachableError(_last(_tail(errors)) or str(error)) from error
            await self._set_open(is_open=True)
            await _ended(master)
        finally:
            self._is_open = False
            await asyncio.to_thread(_end, master)
            errors.unlink(missing_ok=True)

    async def _open(self, master: subprocess.Popen[bytes]) -> None:
        """Wait until the master has signed in, then prepare the host and forward."""
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                while not self._control.is_socket():
                    if master.poll() is not None:
                        raise UnreachableError(f"ssh ended with {master.returncode}")
                    await asyncio.sleep(POLL_SECONDS)
        except TimeoutError:
            raise UnreachableError(f"not signed in after {CONNECT_SECONDS:g} s") from None
        if (forward := await self._opened(self)) is not None:
            argv = ["ssh", *self._options, "-O", "forward", "-R", ":".join(forward), "--", self._settings.host]
            done = await self._run(argv, b"", CONNECT_SECONDS)
            if done.exit_code != 0:
                raise UnreachableError(f"the host forwards no socket: {_last(done.error)}")

    async def _set_open(self, *, is_open: bool) -> None:
        async with self._changed:
            self._is_open = is_open
            self._tries += 1
            self._changed.notify_all()

    async def _end_former(self) -> None:
        """A server that was killed leaves its connection behind, which holds the host's socket."""
        if self._control.exists():
            argv = ["ssh", *self._options, "-O", "exit", "--", self._settings.host]
            with contextlib.suppress(UnreachableError):
                await self._run(argv, b"", END_SECONDS)
            self._control.unlink(missing_ok=True)

    def _spawn(self) -> tuple[subprocess.Popen[bytes], Path]:
        descriptor, name = tempfile.mkstemp(prefix="ssh-", dir=self._control.parent)
        self._control.unlink(missing_ok=True)
        with os.fdopen(descriptor, "wb") as errors:
            argv = ["ssh", *self._options, "-M", "-N", "-T", "-o", "ControlPersist=no", "--", self._settings.host]
            master = subprocess.Popen(
                argv,
                env=environment(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                start_new_session=True,
            )
        return master, Path(name)

    async def _run(self, argv: Sequence[str], stdin: bytes, limit_seconds: float) -> Completed:
        try:
            return await run(argv, environment=environment(), limit_seconds=limit_seconds, stdin=stdin)
        except (CannotStartError, TookTooLongError, WroteTooMuchError) as error:
            raise UnreachableError(f"{self._settings.host}: {error}") from error


def environment() -> Mapping[str, str]:
    """What ssh may know of the server's environment: an agent that holds keys, besides what all programs may."""
    agent = {name: value for name, value in os.environ.items() if name == "SSH_AUTH_SOCK"}
    return inherited() | agent


def _options(settings: SshStart, control: Path) -> list[str]:
    """Strict about the host, silent, and quick to notice that the other side is gone."""
    options = {
        "BatchMode": "yes",
        "ConnectTimeout": "15",
        "ControlPath": f'"{str(control).replace("%", "%%")}"',
        "ExitOnForwardFailure": "yes",
        "ForwardAgent": "no",
        "ForwardX11": "no",
        "ServerAliveCountMax": "3",
        "ServerAliveInterval": "5",
        "StrictHostKeyChecking": "yes",
        "UpdateHostKeys": "no",
    }
    if settings.known_hosts is not None:
        options |= {"UserKnownHostsFile": f'"{settings.known_hosts}"', "GlobalKnownHostsFile": "/dev/null"}
    if settings.identity is not None:
        options |= {"IdentityFile": f'"{settings.identity}"', "IdentitiesOnly": "yes"}
    if settings.port != 22:
        options |= {"Port": str(settings.port)}
    arguments = ["-F", settings.options_file or "none"]
    for name, value in options.items():
        arguments += ["-o", f"{name}={value}"]
    return arguments


async def _ended(master: subprocess.Popen[bytes]) -> None:
    while master.poll() is None:  # noqa: ASYNC110 - a process is no event
        await asyncio.sleep(POLL_SECONDS)


def _end(master: subprocess.Popen[bytes]) -> None:
    master.terminate()
    try:
        master.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        master.kill()
        master.wait()


def _tail(errors: Path) -> str:
    with contextlib.suppress(OSError), errors.open("rb") as file:
        return file.read(ERROR_BYTES).decode("utf-8", "replace")
    return ""


def _last(text: str) -> str:
    """The last line that isn't empty."""
    return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "")
