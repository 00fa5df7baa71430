"""Work in threads that a cancelled call waits for: what a thread has taken is never left behind, nor used by two."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

Answer = TypeVar("Answer")
Held = TypeVar("Held")


async def in_thread(work: Callable[[], Answer]) -> Answer:
    """Call something in a thread. A cancellation is raised once the thread is through, since it can't be stopped."""
    working = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        return await asyncio.shield(working)
    except asyncio.CancelledError:
        await _settled(working)
        raise


@asynccontextmanager
async def held(acquire: Callable[[], Held], release: Callable[[Held], None]) -> AsyncIterator[Held]:
    """Acquire something in a thread for as long as the context lasts; released also if the call is cancelled meanwhile.

    `release` is called in a thread, and waited for.
    """
    acquiring = asyncio.ensure_future(asyncio.to_thread(acquire))
    try:
        thing = await asyncio.shield(acquiring)
    except asyncio.CancelledError:
        await _settled(acquiring)
        if acquiring.exception() is None:
            await _to_the_end(release, acquiring.result())
        raise
    try:
        yield thing
    finally:
        await _to_the_end(release, thing)


async def _to_the_end(release: Callable[[Held], None], thing: Held) -> None:
    releasing = asyncio.ensure_future(asyncio.to_thread(release, thing))
    try:
        await asyncio.shield(releasing)
    except asyncio.CancelledError:
        await _settled(releasing)
        raise


async def _settled(work: asyncio.Future[Answer]) -> None:
    """Wait until it is done, however often the waiting task is cancelled; it was cancelled already."""
    while not work.done():
        try:
            await asyncio.wait({work})
        except asyncio.CancelledError:
            continue
