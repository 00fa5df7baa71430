"""What one session has received and not yet stored: bounded, and stored by one task while there is any."""

import asyncio
from collections.abc import Awaitable, Callable

from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb
from buildledger.slave_grpc.sessions.receive_budget import ReceiveBudget
from buildledger.slave_grpc.settings import SESSION_CREDIT_BYTES


class ReceivedEvents:
    """Messages with run events, in the order in which they came. Used on one event loop."""

    def __init__(
        self,
        budget: ReceiveBudget,
        store: Callable[[list[pb.RunEvents]], Awaitable[None]],
        failed: Callable[[Exception], None],
    ) -> None:
        """`store` makes all that has come so far durable; `failed` is called with why it couldn't."""
        self._budget = budget
        self._store_batch = store
        self._failed = failed
        self._pending: list[pb.RunEvents] = []
        self._pending_bytes = 0
        self._storing: asyncio.Task[None] | None = None
        self._room: asyncio.Future[None] | None = None
        """What reading waits for while too much is unstored; done when something was stored."""

    @property
    def is_storing(self) -> bool:
        """Whether there is anything that isn't stored yet."""
        return self._storing is not None

    async def add(self, events: pb.RunEvents, size: int) -> None:
        """Have a message stored; returns when there is room for another."""
        self._budget.charge(size)
        self._pending.append(events)
        self._pending_bytes += size
        if self._storing is None:
            self._storing = asyncio.create_task(self._store())
        while self._pending_bytes > SESSION_CREDIT_BYTES and self._storing is not None:
            self._room = asyncio.get_running_loop().create_future()
            await self._room
        await self._budget.wait_for_room()

    async def finish(self) -> None:
        """Wait for what is being stored; what wasn't begun is dropped, since the worker sends it again."""
        self._budget.release(self._pending_bytes)
        self._pending, self._pending_bytes = [], 0
        if self._storing is not None:
            await asyncio.gather(self._storing, return_exceptions=True)

    async def _store(self) -> None:
        """Store what is pending, batch after batch, until nothing is pending."""
        try:
            while self._pending:
                messages, size = self._pending, self._pending_bytes
                self._pending, self._pending_bytes = [], 0
                try:
                    await self._store_batch(messages)
                finally:
                    self._budget.release(size)
                    self._make_room()
        except Exception as trouble:
            self._failed(trouble)
        finally:
            self._storing = None
            self._make_room()

    def _make_room(self) -> None:
        if self._room is not None and not self._room.done():
            self._room.set_result(None)
