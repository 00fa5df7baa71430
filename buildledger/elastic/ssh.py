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
from buildledger.elastic.driver import Gateway, Machine, MachineStatus, StartError, UnreachableError
from buildledger.elastic.output import with_last_line
from buildledger.elastic.ssh_connection import SshConnection

LOOK_SECONDS = 15.0
WAIT_SECONDS = 0.5
COPY_SECONDS = 600.0
DEFAULT_WORKER = ("bl-worker",)


class SshDriver:
    """See `Driver`. Each machine has a connection of its own, which its worker does without for as long as it must."""

    inspect_seconds = LOOK_SECONDS
    wait_seconds = WAIT_SECONDS

    def __init__(self, gateway: Gateway, home: Path) -> None:
        self._gateway = gateway
        self._home = home
        """Only tells the connections of this server from those of others on this machine."""
        self._connections: dict[str, SshConnection] = {}

    async def start(self, machine: Machine, token: str) -> None:
        """See `Driver`."""
        settings = _settings(machine)
        server = None if settings.server == GATEWAY else settings.server
        server_of(settings, self._gateway)
        connection = await self._connection(machine)
        program: Sequence[str] = settings.command or DEFAULT_WORKER
        if settings.install is not None:
            program = [await self._install(connection, settings, Path(settings.install))]
        await connection.script(scripts.start(machine, settings, token, program, server))

    async def inspect(self, machine: Machine) -> MachineStatus:
        """See `Driver`."""
        connection = await self._connection(machine)
        try:
            said = await connection.script(scripts.inspect(machine, _settings(machine)))
        except StartError as error:
            raise UnreachableError(str(error)) from error
        word, _, rest = said.partition("\n")
        match word.split():
            case ["absent"]:
                return MachineStatus("absent")
            case ["running", pid]:
                return MachineStatus("running", f"process {pid} on {_settings(machine).host}")
            case ["ended", pid]:
                how = f"process {pid} on {_settings(machine).host} has ended"
                return MachineStatus("ended", with_last_line(how, rest))
            case _:
                raise UnreachableError(f"{_settings(machine).host} says {said[:100]!r}: its shell isn't silent")

    async def stop(self, machine: Machine, *, force: bool) -> None:
        """See `Driver`."""
        connection = await self._connection(machine)
        with contextlib.suppress(StartError):
            await connection.script(scripts.stop(machine, _settings(machine), force=force))

    async def forget(self, machine: Machine) -> None:
        """See `Driver`."""
        if (connection := self._connections.pop(machine.mark, None)) is not None:
            with contextlib.suppress(StartError, UnreachableError):
                await connection.script(scripts.forget(machine, _settings(machine)))
            await connection.close()

    async def close(self) -> None:
        """See `Driver`."""
        connections, self._connections = list(self._connections.values()), {}
        await asyncio.gather(*(connection.close() for connection in connections))

    async def _connection(self, machine: Machine) -> SshConnection:
        """The machine's connection, open.

        Raises:
            StartError
            UnreachableError
        """
        if (connection := self._connections.get(machine.mark)) is None:
            settings = _settings(machine)
            control = await asyncio.to_thread(_control, self._home, machine.mark)

            async def opened(connection: SshConnection) -> tuple[str, str] | None:
                socket = (await connection.script(scripts.prepare(machine, settings))).strip()
                return (socket, self._gateway.address) if settings.server == GATEWAY else None

            connection = self._connections[machine.mark] = SshConnection(settings, control, opened)
        await connection.ready()
        return connection

    async def _install(self, connection: SshConnection, settings: SshStart, program: Path) -> str:
        """Have the program on the host, under a name that changes with its contents; gives how to call it."""
        try:
            content = await asyncio.to_thread(program.read_bytes)
        except OSError as error:
            raise StartError(f"the program to install can't be read: {program}: {error.strerror}") from error
        name = f"{program.name}-{hashlib.sha256(content).hexdigest()[:12]}"
        if (await connection.call("sh -s", scripts.has_program(settings, name).encode())).exit_code != 0:
            done = await connection.call(scripts.receive_program(settings, name), content, limit_seconds=COPY_SECONDS)
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
