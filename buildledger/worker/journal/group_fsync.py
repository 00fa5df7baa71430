"""Makes the journals of many attempts durable with one wait for the disk."""

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from buildledger.worker.journal.journal import Journal


class GroupFsync:
    """Group commit: journals that ask while the disk is busy are synced together in the next round."""

    def __init__(self, directory: Path) -> None:
        self._directory = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="journal-sync")
        self._waiting: list[tuple[Journal, asyncio.Future[None]]] = []
        self._round: asyncio.Task[None] | None = None

    async def sync(self, journal: Journal) -> None:
        """Return when `journal` and its name in the directory are on the disk.

        Raises:
            OSError: the disk failed.
        """
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((journal, done))
        if self._round is None:
            self._round = asyncio.create_task(self._rounds())
        await done

    def remove(self, path: Path) -> None:
        """Remove a large file without waiting for it; after a crash the next start deals with what is left over."""
        self._thread.submit(path.unlink, missing_ok=True)

    def do(self, work: Callable[[], object]) -> None:
        """Run slow disk work in the thread without waiting; failures are left for the next start."""
        self._thread.submit(work)

    def close(self) -> None:
        """Wait for the current round and stop the thread."""
        self._thread.shutdown(wait=True)
        os.close(self._directory)

    async def _rounds(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            batch, self._waiting = self._waiting, []
            failures = await loop.run_in_executor(self._thread, self._sync_all, [journal for journal, _ in batch])
            for (_, done), failure in zip(batch, failures, strict=True):
                if done.cancelled():
                    continue
                if failure is None:
                    done.set_result(None)
                else:
                    done.set_exception(failure)
        self._round = None

    def _sync_all(self, journals: list[Journal]) -> list[OSError | None]:
        failures: list[OSError | None] = []
        for journal in journals:
            try:
                journal.sync()
                failures.append(None)
            except OSError as error:
                failures.append(error)
        try:
            os.fsync(self._directory)
        except OSError as error:
            return [error] * len(journals)
        return failures
