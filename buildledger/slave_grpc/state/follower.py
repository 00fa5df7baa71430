"""Follows the ledger and keeps `OpenWork` up to date, from a checkpoint on."""

from collections.abc import Callable

import msgspec

from buildledger.events.fact import Recorded
from buildledger.ledger.fold_follower import FoldFollower
from buildledger.ledger.ledger import Ledger
from buildledger.slave_grpc.state.open_work import Changes, OpenWork, OpenWorkState


class OpenWorkFollower:
    """Owns `work`; calls `on_changes` after each batch of facts with what it means to sessions."""

    NAME = "gateway.open_work"
    VERSION = OpenWork.VERSION

    def __init__(self, ledger: Ledger, on_changes: Callable[[Changes], None]) -> None:
        self._on_changes = on_changes
        self._changes = Changes()
        self._follower = FoldFollower(ledger, self)
        self.work = OpenWork()

    async def start(self) -> None:
        """Begin at the last checkpoint; returns when everything recorded so far is folded."""
        await self._follower.start()

    async def stop(self) -> None:
        """Stop following, and write a checkpoint."""
        await self._follower.stop()

    async def reached(self, position: int) -> None:
        """Wait until the fact at this position is folded."""
        await self._follower.reached(position)

    def restore(self, state: bytes) -> None:
        """See `CheckpointedFold`."""
        self.work = OpenWork(msgspec.json.decode(state, type=OpenWorkState))

    def snapshot(self) -> bytes:
        """See `CheckpointedFold`."""
        return msgspec.json.encode(self.work.state)

    def apply(self, recorded: Recorded) -> None:
        """See `CheckpointedFold`."""
        self.work.apply(recorded, self._changes)

    def batch_applied(self) -> None:
        """See `CheckpointedFold`."""
        self._on_changes(self._changes)
        self._changes = Changes()
