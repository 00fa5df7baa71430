"""Following a live log."""

import asyncio
import gc
from uuid import uuid4

from buildledger.logs.following import Watch
from buildledger.logs.local import LocalLogStore
from tests.logs.reading_back import finish, write

LOG = uuid4()


async def test_reader_sees_growth_and_the_end(store: LocalLogStore) -> None:
    """A follower hears the present size, each growth and the end, and then stops."""
    sizes = store.follow(LOG)
    assert (await anext(sizes)).size_bytes == 0
    await write(store, LOG, 0, b"abc")
    assert (await anext(sizes)).size_bytes == 3
    await finish(store, LOG)
    assert [size.finished async for size in sizes] == [True]


async def test_slow_reader_skips_ahead(store: LocalLogStore) -> None:
    """Growth while a reader is away is told once, with the latest size."""
    sizes = store.follow(LOG)
    await anext(sizes)
    for at in range(100):
        await write(store, LOG, at, b"x")
    assert (await anext(sizes)).size_bytes == 100


async def test_follower_that_leaves_is_forgotten(store: LocalLogStore) -> None:
    """Of a follower that was cancelled nothing is left that growth would have to wake."""

    async def follow() -> None:
        async for _ in store.follow(LOG):
            started.set()

    started = asyncio.Event()
    follower = asyncio.create_task(follow())
    await started.wait()
    assert len(_watches()) == 1
    follower.cancel()
    await asyncio.wait([follower])
    del follower
    assert not _watches()


def _watches() -> list[Watch]:
    """Every watch that anything in this process still holds."""
    gc.collect()
    return [held for held in gc.get_objects() if isinstance(held, Watch)]
