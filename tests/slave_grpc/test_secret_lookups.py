"""Where secrets come from may be slow; the server isn't."""

from __future__ import annotations

import asyncio
import threading
from uuid import uuid4

from buildledger.events.ids import BuildId
from buildledger.slave_grpc.sessions.secret_source import THREADS, SecretLookups


class _Slow:
    """A source that answers when it is let."""

    def __init__(self) -> None:
        self.answers = threading.Event()

    def get(self, name: str, build_id: BuildId) -> str:
        self.answers.wait(20)
        return name.upper()


async def test_whatever_else_is_done_in_threads_goes_on() -> None:
    """More look-ups than there are threads wait, and none of the threads that all others share is taken."""
    source = _Slow()
    lookups = SecretLookups(source)
    asked = [asyncio.create_task(lookups.get(f"s{number}", BuildId(uuid4()))) for number in range(THREADS * 3)]
    async with asyncio.timeout(10):
        assert await asyncio.to_thread(lambda: "at once") == "at once"
    assert not any(task.done() for task in asked)
    source.answers.set()
    assert await asyncio.gather(*asked) == [f"S{number}" for number in range(THREADS * 3)]
    lookups.close()
