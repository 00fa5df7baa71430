"""An old worker's machine: who it is, and the small things that the bridge has it do."""

import asyncio
import itertools
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

from buildledger.bridge import script
from buildledger.bridge.connection import Connection
from buildledger.bridge.finding import FLAT, LIST, Find
from buildledger.bridge.lines import END_OF_TEXT, ENDLESS
from buildledger.bridge.remote import MOST_TEXT_CHARACTERS, RemoteCommand

ANSWER_SECONDS = 60.0
"""For a command that only looks or makes; an old worker that can't put its answer into a message gives none."""
BLOCK_BYTES = 64 << 10
"""Of a file in one message."""
FLUSH_SECONDS = 0.1
"""For so long an old worker collects output before it sends it."""
SHOWN_CHARACTERS = 200
"""Of a file in the worker's `info` directory, as a label."""
PLACEHOLDERS = ("Your Name Here", "Please put a description")
"""How those files begin when nobody has edited them."""


class UnsuitableError(Exception):
    """The machine can't be used; the text says why."""


class NoAnswerError(Exception):
    """The worker is there, and doesn't say what became of a command."""


class Auxiliary(RemoteCommand):
    """A command of the bridge's own, of which the output is kept."""

    output = ""

    def wrote(self, channel: str, text: str) -> None:
        """Keep the beginning."""
        if channel == "stdout":
            self.output = (self.output + text)[:MOST_TEXT_CHARACTERS]
        else:
            super().wrote(channel, text)


class Machine:
    """One attached machine. Made by `meet`."""

    def __init__(self, connection: Connection, info: Mapping[str, Any]) -> None:
        self.connection = connection
        self.basedir = str(info["basedir"]).rstrip("/")
        self.environ: dict[str, str] = dict(info.get("environ") or {})
        self.version = str(info.get("version", "unknown"))
        self.os = self.arch = "unknown"
        self._info = info
        self._numbers = itertools.count(1)

    @staticmethod
    async def meet(connection: Connection) -> "Machine":
        """Tell the worker how to report, and learn what machine it is on.

        Raises:
            ConnectionLostError, RefusedError, NoAnswerError: it went away, or does something else than a worker.
            UnsuitableError: the bridge can't work with it.
        """
        settings = {
            "buffer_size": BLOCK_BYTES,
            "buffer_timeout": FLUSH_SECONDS,
            "newline_re": END_OF_TEXT,
            "max_line_length": ENDLESS,
        }
        await connection.request("set_worker_settings", args=settings)
        info = await connection.request("get_worker_info")
        if not isinstance(info, dict) or not info.get("basedir"):
            raise UnsuitableError("it doesn't say where its base directory is")
        if info.get("system") != "posix":
            raise UnsuitableError(
                f"its system is {info.get('system')!r}, and the bridge knows POSIX systems only: use Build Ledger's "
                "own worker on this machine"
            )
        machine = Machine(connection, info)
        told = (await machine.shell(script.IDENTIFY)).output.lower().split()
        if len(told) == 2:
            machine.os, machine.arch = told
        return machine

    def labels(self) -> dict[str, str]:
        """What it says of itself, in so far as it may be shown: its environment may hold secrets."""
        shown = {"bridge": "buildbot-worker", "buildbot_worker_version": self.version}
        for name in ("numcpus", "os_id", "os_version_id", "admin", "host"):
            value = str(self._info.get(name, "")).strip()
            if value and not value.startswith(PLACEHOLDERS):
                shown[name] = value[:SHOWN_CHARACTERS]
        return shown

    def new_id(self, purpose: str) -> str:
        """A name for a command of the bridge's own."""
        return f"bridge-{purpose}-{next(self._numbers)}"

    async def shell(self, text: str, *arguments: str, stdin: str | None = None) -> Auxiliary:
        """Run a small script in the worker's base directory.

        Raises:
            ConnectionLostError, NoAnswerError: what became of it can't be learned.
        """
        options: dict[str, Any] = {"initial_stdin": stdin} if stdin is not None else {}
        return await self.ask("shell", **self._script(text, *arguments), maxTime=ANSWER_SECONDS, **options)

    def _script(self, text: str, *arguments: str) -> dict[str, Any]:
        return {
            "workdir": self.basedir,
            "command": script.shell(text, *arguments),
            "env": {},
            "logEnviron": False,
        }

    async def ask(self, name: str, *, limit_seconds: float | None = ANSWER_SECONDS, **arguments: Any) -> Auxiliary:
        """Have a command done that takes no time to speak of.

        Raises:
            ConnectionLostError, NoAnswerError: what became of it can't be learned.
        """
        command = Auxiliary(self.connection, self.new_id(name))
        try:
            async with asyncio.timeout(limit_seconds):
                await command.run(name, arguments)
        except TimeoutError:
            raise NoAnswerError(f"the Buildbot worker gave no answer to {name} in {ANSWER_SECONDS:.0f} s") from None
        return command

    async def pull(self, path: str, into: BinaryIO, most_bytes: int | None = None) -> Auxiliary:
        """Upload a file from the machine, or its beginning.

        Raises:
            ConnectionLostError: it broke off.
        """
        command = Auxiliary(self.connection, self.new_id("upload"))
        command.sink = into
        arguments = {"path": path, "maxsize": most_bytes, "blocksize": BLOCK_BYTES, "keepstamp": False}
        await command.run("upload_file", arguments)
        return command

    async def push(self, source: BinaryIO, path: str, mode: int) -> Auxiliary:
        """Download a file to the machine: to a temporary name beside `path`, then renamed.

        Raises:
            ConnectionLostError, NoAnswerError: it broke off.
        """
        temporary = f"{path}.buildledger-{next(self._numbers)}"
        command = Auxiliary(self.connection, self.new_id("download"))
        command.source = source
        arguments = {"path": temporary, "maxsize": None, "blocksize": BLOCK_BYTES, "mode": mode}
        await command.run("download_file", arguments)
        if command.rc == 0:
            return await self.shell(script.RENAME, temporary, path)
        await self.ask("rmfile", path=temporary)
        return command

    async def listing(self, path: str, *, deep: bool) -> Find:
        """What there is at a path, and below it if `deep`.

        Raises:
            ConnectionLostError: it broke off.
        """
        command = Find(self.connection, self.new_id("find"))
        await command.run("shell", self._script(LIST, path, *(() if deep else FLAT)))
        return command

    async def stat(self, path: str) -> tuple[int, ...] | None:
        """What `os.stat` says there, links followed; None if there is nothing.

        Raises:
            ConnectionLostError, NoAnswerError: it can't be learned.
            OSError: it can't be looked at.
        """
        command = await self.ask("stat", path=path)
        if command.rc == 0:
            return tuple(int(value) for value in command.found["stat"])
        failed = os_error(command, path)
        if isinstance(failed, (FileNotFoundError, NotADirectoryError)):
            return None
        raise failed

    async def sweep(self, cookies: list[str]) -> list[tuple[int, str]]:
        """Kill whatever carries one of these marks, where the system shows them; returns ids and names.

        Raises:
            ConnectionLostError, NoAnswerError: it can't be learned what is left.
        """
        if not cookies:
            return []
        patterns = [argument for cookie in cookies for argument in ("-e", cookie)]
        swept = await self.shell(script.SWEEP, *patterns)
        killed = (line.partition(" ") for line in swept.output.splitlines())
        return [(int(pid), name) for pid, _, name in killed if pid.isdecimal()]


def os_error(command: RemoteCommand, path: str | Path) -> OSError:
    """How a command failed that answers with an errno."""
    if command.rc and command.rc > 0:
        return OSError(command.rc, command.complaint, str(path))
    return OSError(None, command.complaint, str(path))
