"""Crashes: whatever was acknowledged is there afterwards, and what is there is a beginning of what was sent."""

import asyncio
import random
import shutil
import sys
from asyncio.subprocess import PIPE
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from buildledger.logs.local import LocalLogStore
from tests.logs.reading_back import read, write

WRITER = """
import asyncio, sys
from pathlib import Path
from uuid import UUID
from buildledger.logs.local import LocalLogStore
from buildledger.logs.store import LogBytes

async def write(store, log_id, size):
    at = 0
    while True:
        await store.append([LogBytes(log_id=log_id, offset=at, data=bytes([at // size % 251]) * size)])
        at += size
        print(log_id.int, at, flush=True)

async def main():
    store = LocalLogStore(Path(sys.argv[1]))
    await asyncio.gather(*[write(store, UUID(int=n), size) for n, size in enumerate((7, 999, 70_000, 400_000))])

asyncio.run(main())
"""


@pytest.mark.parametrize("acknowledgements", [1, 40, 400])
async def test_killed_writer_loses_nothing_acknowledged(directory: Path, acknowledgements: int) -> None:
    """After kill -9 in the middle of writing, every byte that was acknowledged is there and right."""
    writer = await asyncio.create_subprocess_exec(sys.executable, "-c", WRITER, str(directory), stdout=PIPE)
    assert writer.stdout is not None
    acknowledged: dict[int, int] = {}
    for _ in range(acknowledgements):
        log, end = (await writer.stdout.readline()).split()
        acknowledged[int(log)] = int(end)
    writer.kill()
    await writer.wait()
    store = LocalLogStore(directory)
    try:
        for number, size in enumerate((7, 999, 70_000, 400_000)):
            held = await read(store, UUID(int=number))
            assert len(held) >= acknowledged.get(number, 0)
            assert all(held[at : at + size] == bytes([at // size % 251]) * size for at in range(0, len(held), size))
            await write(store, UUID(int=number), len(held), b"more")
            assert (await store.size(UUID(int=number))).size_bytes == len(held) + 4
    finally:
        store.close()


async def test_torn_journal_leaves_a_beginning(store: LocalLogStore, directory: Path, tmp_path: Path) -> None:
    """Cut anywhere, the journal recovers to a state that existed: each log is a beginning of what was written."""
    logs = [uuid4() for _ in range(3)]
    dice = random.Random(20)
    written = dict.fromkeys(logs, b"")
    for _ in range(60):
        log_id = dice.choice(logs)
        data = dice.randbytes(dice.choice([1, 80, 5_000, 90_000]))
        await write(store, log_id, len(written[log_id]), data)
        written[log_id] += data
    journal_bytes = (directory / "logs.db-wal").stat().st_size
    seen: list[int] = []
    for attempt, cut in enumerate(sorted(dice.randrange(journal_bytes + 1) for _ in range(25))):
        torn = tmp_path / f"torn-{attempt}"
        shutil.copytree(directory, torn, ignore=shutil.ignore_patterns("*-shm"))
        with (torn / "logs.db-wal").open("r+b") as journal:
            journal.truncate(cut)
        recovered = LocalLogStore(torn)
        try:
            held = {log_id: await read(recovered, log_id) for log_id in logs}
            assert all(written[log_id].startswith(held[log_id]) for log_id in logs)
            for log_id in logs:
                rest = written[log_id][len(held[log_id]) :]
                await write(recovered, log_id, len(held[log_id]), rest)
                assert await read(recovered, log_id) == written[log_id]
        finally:
            recovered.close()
            shutil.rmtree(torn)
        seen.append(sum(map(len, held.values())))
    assert seen == sorted(seen)
    assert seen[-1] > 0


async def test_bytes_behind_the_counted_end_of_a_pack(store: LocalLogStore, directory: Path) -> None:
    """What a crash left at the end of a pack is overwritten, not read."""
    log_id, data = uuid4(), random.Random(1).randbytes(200_000)
    await write(store, log_id, 0, data)
    store.close()
    (pack,) = (directory / "packs").iterdir()
    with pack.open("ab") as file:
        file.write(b"left behind")
    reopened = LocalLogStore(directory)
    try:
        await write(reopened, log_id, len(data), data)
        assert await read(reopened, log_id) == data + data
    finally:
        reopened.close()


async def test_missing_pack_is_loud(store: LocalLogStore, directory: Path) -> None:
    """A store whose acknowledged bytes are gone refuses to open for writing and names the file."""
    await write(store, uuid4(), 0, random.Random(1).randbytes(200_000))
    store.close()
    (pack,) = (directory / "packs").iterdir()
    with pack.open("r+b") as file:
        file.truncate(1000)
    with pytest.raises(OSError, match="were acknowledged"):
        LocalLogStore(directory)
