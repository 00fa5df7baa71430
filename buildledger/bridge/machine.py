"""A Buildbot worker's machine: its properties, and short commands that the bridge runs on it."""

import asyncio
import errno
import itertools
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

from buildledger.bridge import script
from buildledger.bridge.connection import Connection
from buildledger.bridge.lines import END_OF_TEXT, ENDLESS
from buildledger.bridge.listing import FLAT, LIST, Find
from buildledger.bridge.remote import MOST_TEXT_CHARACTERS, RemoteCommand, Sink

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


_ERRNO = re.compile(r"\[Errno (\d+)\]")


class UnsuitableError(Exception):
    """The machine can't be used; the text says why."""


class NoAnswerError(Exception):
    """The worker is connected and doesn't report the result of a command."""


class Auxiliary(RemoteCommand):
    """A command of the bridge's own whose output is kept in memory."""

    def __init__(self, machine: "Machine", purpose: str) -> None:
        super().__init__(machine.connection, machine.new_id(purpose))
        self._machine = machine
        self._written = ""

    @property
    def output(self) -> str:
        """What it wrote to standard output, or its beginning."""
        return self._machine.written(self._written).decode(errors="replace")

    def wrote(self, channel: str, text: str) -> None:
        """Keep the beginning of what it writes."""
        if channel == "stdout":
            self._written = (self._written + text)[:MOST_TEXT_CHARACTERS]
        else:
            super().wrote(channel, text)


class Machine:
    """One connected machine; made by `identify`."""

    def __init__(self, connection: Connection, info: Mapping[str, Any]) -> None:
        self.connection = connection
        self.basedir = str(info["basedir"]).rstrip("/")
        self.environ: dict[str, str] = dict(info.get("environ") or {})
        self.version = str(info.get("version", "unknown"))
        self.os = self.arch = "unknown"
        self.is_exact = False
        """The worker takes each byte for a character, in both directions."""
        self._info = info
        self._numbers = itertools.count(1)

    @staticmethod
    async def identify(connection: Connection) -> "Machine":
        """Configure the worker's reports and ask for the properties of its machine.

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
        if len(told) == 3:
            machine.os, machine.arch, shown = told
            machine.is_exact = shown == script.EXACT
        return machine

    def written(self, text: str) -> bytes:
        """The bytes that the worker decoded to `text`."""
        return text.encode("latin-1" if self.is_exact else "utf-8")

    def sent(self, data: bytes) -> str:
        """The text that the worker encodes to `data`.

        Raises:
            UnicodeDecodeError: there is none.
        """
        return data.decode("latin-1" if self.is_exact else "utf-8")

    def labels(self) -> dict[str, str]:
        """What the machine reports of itself, without its environment, which may hold secrets."""
        shown = {"bridge": "buildbot-worker", "buildbot_worker_version": self.version}
        for name in ("numcpus", "os_id", "os_version_id", "admin", "host"):
            value = " ".join(str(self._info.get(name, "")).split())
            if value and not value.startswith(PLACEHOLDERS):
                shown[name] = value[:SHOWN_CHARACTERS]
        return shown

    def new_id(self, purpose: str) -> str:
        """A name for a command of the bridge's own."""
        return f"bridge-{purpose}-{next(self._numbers)}"

    async def shell(
        self, text: str, *arguments: str, stdin: bytes | None = None, limit_seconds: float | None = ANSWER_SECONDS
    ) -> Auxiliary:
        """Run a small script in the worker's base directory.

        Raises:
            ConnectionLostError, NoAnswerError: what became of it can't be learned.
        """
        options: dict[str, Any] = {"initial_stdin": self.sent(stdin)} if stdin is not None else {}
        return await self.ask(
            "shell", limit_seconds=limit_seconds, maxTime=limit_seconds, **self._script(text, *arguments), **options
        )

    def _script(self, text: str, *arguments: str) -> dict[str, Any]:
        return {
            "workdir": self.basedir,
            "command": self.argv(script.shell(text, *arguments)),
            "env": {},
            "logEnviron": False,
        }

    def argv(self, arguments: list[str]) -> list[str]:
        """A command line in the encoding that the worker expects."""
        return [self.sent(argument.encode()) for argument in arguments]

    async def ask(self, name: str, *, limit_seconds: float | None = ANSWER_SECONDS, **arguments: Any) -> Auxiliary:
        """Run a short command of Buildbot's protocol.

        Raises:
            ConnectionLostError, NoAnswerError: what became of it can't be learned.
        """
        command = Auxiliary(self, name)
        try:
            async with asyncio.timeout(limit_seconds):
                await command.run(name, arguments)
        except TimeoutError:
            raise NoAnswerError(f"the Buildbot worker gave no answer to {name} in {ANSWER_SECONDS:.0f} s") from None
        return command

    async def pull(self, path: str, into: Sink, most_bytes: int | None = None) -> Auxiliary:
        """Upload a file from the machine, or its beginning.

        Raises:
            ConnectionLostError: it broke off.
        """
        command = Auxiliary(self, "upload")
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
        command = Auxiliary(self, "download")
        command.source = source
        arguments = {"path": temporary, "maxsize": None, "blocksize": BLOCK_BYTES, "mode": mode}
        await command.run("download_file", arguments)
        if command.ok:
            return await self.shell(script.RENAME, temporary, path)
        await self.ask("rmfile", path=temporary)
        return command

    async def listing(self, path: str, *, deep: bool) -> Find:
        """Entries at a path, and below it if `deep`.

        Raises:
            ConnectionLostError: it broke off.
        """
        command = Find(self.connection, self.new_id("find"), self.written)
        await command.run("shell", self._script(LIST, path, *(() if deep else FLAT)))
        return command

    async def stat(self, path: str) -> tuple[int, ...] | None:
        """What `os.stat` says there, links followed; None if there is nothing.

        Raises:
            ConnectionLostError, NoAnswerError: it can't be learned.
            OSError: it can't be looked at.
        """
        command = await self.ask("stat", path=path)
        if command.ok:
            return tuple(int(value) for value in command.found["stat"])
        failed = os_error(command, path, rc_is_errno=True)
        if isinstance(failed, (FileNotFoundError, NotADirectoryError)):
            return None
        raise failed

    async def kill_marked(self, cookies: list[str]) -> list[tuple[int, str]]:
        """Kill processes that carry one of these cookies in their environment; returns ids and names. Linux only.

        Raises:
            ConnectionLostError, NoAnswerError: it can't be learned what is left.
        """
        if not cookies:
            return []
        patterns = [argument for cookie in cookies for argument in ("-e", cookie)]
        killed_ones = await self.shell(script.KILL_MARKED, *patterns)
        killed = (line.partition(" ") for line in killed_ones.output.splitlines())
        return [(int(pid), name) for pid, _, name in killed if pid.isdecimal()]


def os_error(command: RemoteCommand, path: str | Path, *, rc_is_errno: bool = False) -> OSError:
    """How a command failed: by the errno that it ended with, that its traceback tells, or that its words mean."""
    number = command.rc or 0
    if told := _ERRNO.search(command.failure):
        number = int(told[1])
    elif not rc_is_errno:
        number = errno.ENOSPC if os.strerror(errno.ENOSPC) in command.complaint else errno.EIO
    return OSError(number if number > 0 else errno.EIO, command.complaint, str(path))
