"""A source's mirror: the bare clone that its poller reads, and the only thing that runs git on the server."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path

from buildledger.intake.polling.process import (
    CannotStartError,
    Completed,
    Consume,
    TookTooLongError,
    WroteTooMuchError,
    run,
)
from buildledger.sources.git import command, failure, polling
from buildledger.sources.git.address import Address
from buildledger.sources.git.failure import Cause
from buildledger.sources.git.history import Commit, LogParser

FETCH_SECONDS = 3600.0
"""For the first fetch of a large repository too."""
LIST_SECONDS = 60.0
"""For asking the far end where its branches are: a host that doesn't answer must not keep other sources waiting."""
READ_SECONDS = 600.0
"""For anything that reads the mirror."""

TakeCommits = Callable[[list[Commit]], Awaitable[None]]


class SourceError(Exception):
    """The source can't be read, or its mirror can't."""

    def __init__(self, cause: Cause, detail: str) -> None:
        super().__init__(f"{cause}: {detail}")
        self.cause, self.detail = cause, detail


class Mirror:
    """The mirror at `path`; made when it is needed. One call at a time."""

    def __init__(self, path: Path, address: Address) -> None:
        self._path = path.absolute()
        self._git_dir = str(self._path)
        self._address = address
        inherited = {name: value for name, value in os.environ.items() if name not in command.INHERITED}
        self._environment = inherited | command.environment(address)
        self._swept = False

    async def remote_heads(self) -> dict[str, str]:
        """The far end's branches, by asking it; touches no file. Raises: SourceError."""
        done = await self._git(polling.list_remote_heads(self._address), LIST_SECONDS)
        return polling.parse_heads(done.output)

    async def update(self) -> dict[str, str]:
        """Fetch everything and give the branches as they are in the mirror then. Raises: SourceError."""
        if not self._swept:
            await asyncio.to_thread(_remove_locks, self._path)
            self._swept = True
        if not self._path.exists():
            heads = await self.remote_heads()
            self._path.parent.mkdir(parents=True, exist_ok=True)
            await self._git(polling.init(self._git_dir, polling.object_format(heads)))
        await self._git(polling.fetch(self._address, self._git_dir), FETCH_SECONDS)
        return polling.parse_heads((await self._git(polling.list_heads(self._git_dir))).output)

    async def discard(self) -> None:
        """Throw the mirror away; the next update makes a new one."""
        await asyncio.to_thread(shutil.rmtree, self._path, ignore_errors=True)

    async def compare(self, before: str, now: str) -> polling.Comparison | None:
        """What lies between two revisions; None if the mirror has lost the earlier one. Raises: SourceError."""
        return polling.parse_comparison((await self._git(polling.compare(self._git_dir, before, now))).output)

    async def list_new(self, now: str, known: Iterable[str]) -> tuple[str, ...]:
        """What `now` has and no revision of `known` has, oldest first. Raises: SourceError."""
        argv, stdin = polling.list_new(self._git_dir, now, known)
        return polling.parse_revisions((await self._git(argv, stdin=stdin)).output)

    async def log(self, wanted: Iterable[str], known: Iterable[str], limit: int, take: TakeCommits) -> None:
        """Give `take` the newest `limit` commits that `wanted` have and no revision of `known` has, parents first.

        They come in pieces, and git waits while one is taken. Raises: SourceError, and whatever `take` raises.
        """
        argv, stdin = polling.log(self._git_dir, wanted, known, limit)
        parser = LogParser()

        async def consume(data: bytes) -> None:
            if commits := parser.feed(data):
                await take(commits)

        await self._git(argv, stdin=stdin, consume=consume)
        await take(parser.end())

    async def _git(
        self,
        argv: tuple[str, ...],
        limit_seconds: float = READ_SECONDS,
        *,
        stdin: bytes = b"",
        consume: Consume | None = None,
    ) -> Completed:
        try:
            done = await run(
                argv, environment=self._environment, limit_seconds=limit_seconds, stdin=stdin, consume=consume
            )
        except TookTooLongError as error:
            raise SourceError(Cause.NETWORK, str(error)) from error
        except WroteTooMuchError as error:
            raise SourceError(Cause.OTHER, str(error)) from error
        except CannotStartError as error:
            raise SourceError(Cause.OTHER, str(error)) from error
        if done.exit_code != 0:
            raise SourceError(failure.classify(done.error), failure.detail(done.error))
        return done


def _remove_locks(mirror: Path) -> None:
    """Remove what a git left behind that was killed with the server; nobody else works in a mirror."""
    for lock in mirror.rglob("*.lock"):
        lock.unlink(missing_ok=True)
