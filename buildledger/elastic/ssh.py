"""Driver `ssh`: workers on hosts that the server can reach by OpenSSH, and that needn't reach the server."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import stat
import tempfile
from collections.abc import Sequence
from pathlib import Path

from buildledger.config.machines import GATEWAY, SshStart
from buildledger.elastic import ssh_scripts as scripts
from buildledger.elastic.command_line import server_of
from buildledger.elastic.driver import Gateway, Machine, Sighting, StartError, UnreachableError
from buildledger.elastic.output import with_last_line
from buildledger.elastic.ssh_line import Line

LOOK_SECONDS = 15.0
WAIT_SECONDS = 0.5
COPY_SECONDS = 600.0
DEFAULT_WORKER = ("bl-worker",)


class SshDriver:
    """See `Driver`. Each machine has a connection of its own, which its worker does without for as long as it must."""

    look_seconds = LOOK_SECONDS
    wait_seconds = WAIT_SECONDS

    def __init__(self, gateway: Gateway, home: Path) -> None:
        self._gateway = gateway
        self._home = home
        """Only tells the connections of this server from those of others on this machine."""
        self._lines: dict[str, Line] = {}

    async def start(self, machine: Machine, token: str) -> None:
        """See `Driver`."""
        settings = _settings(machine)
        server = None if settings.server == GATEWAY else settings.server
        server_of(settings, self._gateway)
        line = await self._line(machine)
        program: Sequence[str] = settings.command or DEFAULT_WORKER
        if settings.install is not None:
            program = [await self._install(line, settings, Path(settings.install))]
        await line.script(scripts.start(machine, settings, token, program, server))

    async def look(self, machine: Machine) -> Sighting:
        """See `Driver`."""
        line = await self._line(machine)
        try:
            said = await line.script(scripts.look(machine, _settings(machine)))
        except StartError as error:
            raise UnreachableError(str(error)) from error
        word, _, rest = said.partition("\n")
        match word.split():
            case ["absent"]:
                return Sighting("absent")
            case ["running", pid]:
                return Sighting("running", f"process {pid} on {_settings(machine).host}")
            case ["ended", pid]:
                how = f"process {pid} on {_settings(machine).host} has ended"
                return Sighting("ended", with_last_line(how, rest))
            case _:
                raise UnreachableError(f"{_settings(machine).host} says {said[:100]!r}: its shell isn't silent")

    async def stop(self, machine: Machine, *, force: bool) -> None:
        """See `Driver`."""
        line = await self._line(machine)
        with contextlib.suppress(StartError):
            await line.script(scripts.stop(machine, _settings(machine), force=force))

    async def forget(self, machine: Machine) -> None:
        """See `Driver`."""
        if (line := self._lines.pop(machine.mark, None)) is not None:
            with contextlib.suppress(StartError, UnreachableError):
                await line.script(scripts.forget(machine, _settings(machine)))
            await line.close()

    async def close(self) -> None:
        """See `Driver`."""
        lines, self._lines = list(self._lines.values()), {}
        await asyncio.gather(*(line.close() for line in lines))

    async def _line(self, machine: Machine) -> Line:
        """The machine's connection, open. Raises: StartError, UnreachableError."""
        if (line := self._lines.get(machine.mark)) is None:
            settings = _settings(machine)
            control = await asyncio.to_thread(_control, self._home, machine.mark)

            async def opened(line: Line) -> tuple[str, str] | None:
                socket = (await line.script(scripts.prepare(machine, settings))).strip()
                return (socket, self._gateway.address) if settings.server == GATEWAY else None

            line = self._lines[machine.mark] = Line(settings, control, opened)
        await line.ready()
        return line

    async def _install(self, line: Line, settings: SshStart, program: Path) -> str:
        """Have the program on the host, under a name that changes with its contents; gives how to call it."""
        try:
            content = await asyncio.to_thread(program.read_bytes)
        except OSError as error:
            raise StartError(f"the program to install can't be read: {program}: {error.strerror}") from error
        name = f"{program.name}-{hashlib.sha256(content).hexdigest()[:12]}"
        if (await line.call("sh -s", scripts.has_program(settings, name).encode())).exit_code != 0:
            done = await line.call(scripts.receive_program(settings, name), content, limit_seconds=COPY_SECONDS)
            if done.exit_code != 0:
                raise StartError(f"{program.name} can't be copied to {settings.host}: {done.error.strip()}")
        return scripts.installed(name)


def _settings(machine: Machine) -> SshStart:
    assert isinstance(machine.settings, SshStart)
    return machine.settings


def _control(home: Path, mark: str) -> Path:
    """Where a connection is spoken to: a short path, known to the next process of this server, and nobody else's."""
    directory = Path(tempfile.gettempdir()) / f"buildledger-{os.getuid()}"
    directory.mkdir(mode=0o700, exist_ok=True)
    found = directory.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise StartError(f"{directory} isn't this account's own directory with mode 700: remove it")
    return directory / hashlib.sha256(f"{home.resolve()}\x1f{mark}".encode()).hexdigest()[:16]
