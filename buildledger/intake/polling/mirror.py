"""A source's mirror: the copy of a repository that its poller reads. The only place where the server runs its tool."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from urllib.parse import quote

from buildledger.child_processes import (
    CannotStartError,
    Completed,
    Consume,
    TookTooLongError,
    WroteTooMuchError,
    run,
)
from buildledger.config.resolved import Source
from buildledger.events.change import FailureCause
from buildledger.sources.commits import Commit
from buildledger.sources.port import Comparison, FoundFile, LookedUp, MirrorCommands, RemoteNames, ServerCommand
from buildledger.sources.systems import SYSTEMS

FETCH_SECONDS = 6 * 3600.0
"""For the first fetch of a large repository too, as long as it goes on."""
SILENT_SECONDS = 60.0
"""A fetch that shows no progress for so long is given up: its host hangs."""
LIST_SECONDS = 60.0
"""For asking the far end where its branches are: a host that doesn't answer must not keep other sources waiting."""
READ_SECONDS = 600.0
"""For anything that reads the mirror."""

TakeCommits = Callable[[list[Commit]], Awaitable[None]]


class SourceError(Exception):
    """The source can't be read, or its mirror can't."""

    def __init__(self, cause: FailureCause, detail: str) -> None:
        super().__init__(f"{cause}: {detail}")
        self.cause, self.detail = cause, detail


class Mirror:
    """The mirror at `path`; made when it is needed. One call at a time. Every method raises SourceError."""

    def __init__(
        self,
        path: Path,
        commands: MirrorCommands,
        *,
        list_seconds: float = LIST_SECONDS,
        silent_seconds: float = SILENT_SECONDS,
    ) -> None:
        self._path = path
        self._list_seconds, self._silent_seconds = list_seconds, silent_seconds
        self._commands = commands
        self._environment = commands.environment(os.environ)
        self._swept = False

    async def remote_heads(self) -> dict[str, str]:
        """The far end's branches, by asking it; touches no file."""
        done = await self._run(self._commands.list_remote_heads(), self._list_seconds)
        return self._commands.parse_heads(done.output)

    @property
    def exists(self) -> bool:
        """Whether it was made already. Reads the disk."""
        return self._path.exists()

    async def heads(self) -> dict[str, str]:
        """The branches as they are in the mirror, without asking the far end."""
        return self._commands.parse_heads((await self._run(self._commands.list_heads())).output)

    async def remote_names(self) -> RemoteNames:
        """The far end's branches and tags, by asking it; touches no file."""
        done = await self._run(self._commands.list_remote_names(), self._list_seconds)
        return self._commands.parse_remote_names(done.output)

    async def look_up(self, revision: str) -> LookedUp:
        """Which revision of the mirror this is, or begins so."""
        asked = self._commands.look_up(revision)
        if asked is None:
            return LookedUp(None, ambiguous=False)
        return self._commands.parse_look_up((await self._run(asked)).output)

    async def fetch_revision(self, revision: str) -> None:
        """Bring a whole revision that none of the branches leads to."""
        await self._run(self._commands.fetch_revision(revision), self._list_seconds)

    async def find_file(self, revision: str, path: str) -> FoundFile | None:
        """What a whole revision has at a path, without its content; None: nothing."""
        return self._commands.parse_found_file((await self._run(self._commands.find_file(revision, path))).output)

    async def content(self, found: FoundFile) -> bytes:
        """The content of a file that was found, all of it: look at its size first."""
        return (await self._run(self._commands.print_file(found))).output

    def whole_revision(self, text: str) -> str | None:
        """The text as the system writes it, if it is a whole revision."""
        return self._commands.whole_revision(text)

    async def default_branch(self) -> str | None:
        """The branch that the far end's users get when they name none, by asking it; None: it names none."""
        done = await self._run(self._commands.find_default_branch(), self._list_seconds)
        return self._commands.parse_default_branch(done.output)

    async def update(self) -> dict[str, str]:
        """Fetch everything and give the branches as they are in the mirror then."""
        if not self._swept:
            await asyncio.to_thread(_remove_locks, self._path)
            self._swept = True
        if not self._path.exists():
            heads = await self.remote_heads()
            self._path.parent.mkdir(parents=True, exist_ok=True)
            await self._run(self._commands.create(heads))
        await self._run(self._commands.update(), FETCH_SECONDS, silent_seconds=self._silent_seconds)
        return self._commands.parse_heads((await self._run(self._commands.list_heads())).output)

    async def discard(self) -> None:
        """Throw the mirror away; the next update makes a new one."""
        await asyncio.to_thread(shutil.rmtree, self._path, ignore_errors=True)

    async def compare(self, before: str, now: str) -> Comparison | None:
        """What lies between two revisions; None if the mirror has lost the earlier one."""
        return self._commands.parse_comparison((await self._run(self._commands.compare(before, now))).output)

    async def list_new(self, now: str, known: Iterable[str]) -> tuple[str, ...]:
        """What `now` has and no revision of `known` has, oldest first."""
        return self._commands.parse_revisions((await self._run(self._commands.list_new(now, known))).output)

    async def log(self, wanted: Iterable[str], known: Iterable[str], limit: int, take: TakeCommits) -> None:
        """Give `take` the newest `limit` commits that `wanted` have and no revision of `known` has, parents first.

        They come in pieces, and the command waits while one is taken. Raises also whatever `take` raises.
        """
        reader = self._commands.log_reader()

        async def consume(data: bytes) -> None:
            if commits := reader.feed(data):
                await take(commits)

        await self._run(self._commands.log(wanted, known, limit), consume=consume)
        await take(reader.end())

    async def _run(
        self,
        command: ServerCommand,
        limit_seconds: float = READ_SECONDS,
        *,
        silent_seconds: float | None = None,
        consume: Consume | None = None,
    ) -> Completed:
        try:
            done = await run(
                command.argv,
                environment=self._environment,
                limit_seconds=limit_seconds,
                silent_seconds=silent_seconds,
                stdin=command.stdin,
                consume=consume,
            )
        except TookTooLongError as error:
            raise SourceError(FailureCause.NETWORK, str(error)) from error
        except WroteTooMuchError as error:
            raise SourceError(FailureCause.OTHER, str(error)) from error
        except CannotStartError as error:
            raise SourceError(FailureCause.OTHER, str(error)) from error
        if done.exit_code != 0:
            raise SourceError(*self._commands.failure(done.error))
        return done


def mirror_of(mirrors: Path, source: Source, *, list_seconds: float = LIST_SECONDS) -> Mirror:
    """The mirror of a source, in the directory of all of them."""
    path = (mirrors / f"{quote(source.name, safe='')}.{source.kind}").absolute()
    return Mirror(path, SYSTEMS[source.kind].mirror(source.url, path), list_seconds=list_seconds)


def _remove_locks(mirror: Path) -> None:
    """Remove what a command left behind that was killed with the server; nobody else works in a mirror."""
    for lock in mirror.rglob("*.lock"):
        lock.unlink(missing_ok=True)
