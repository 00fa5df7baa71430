"""Heads of the ledger that workers keep: what they are given, and whether what they come with still holds.

Whoever puts an earlier ledger, or another one, in the place of this one can't reach the heads on the workers' machines.
That is told to the worker and logged, and it is a fact, which health and `audit verify` show. Whether the worker is let
in is another question: it is refused if it has had sessions that the ledger doesn't know, until somebody says that the
ledger was restored.
"""

import asyncio
import logging
from typing import Final

from buildledger.domain.worker import ContradictLedger
from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb
from buildledger.ledger.errors import LedgerUnavailable, StoreError
from buildledger.ledger.ledger import Ledger
from buildledger.ledger.submission import Origin

DIGEST_BYTES: Final = 32
POSITION_MAX: Final = 2**53
TOLD_SECONDS: Final = 60.0
"""Between two heads that a session sends in replies to heartbeats, each of which is a file that a worker writes."""

_log = logging.getLogger(__name__)


def is_head(head: pb.LedgerHead) -> bool:
    """Whether a worker can have been given that by any server."""
    return 0 < head.position <= POSITION_MAX and len(head.digest) == DIGEST_BYTES


class LedgerHeads:
    """What the ledger adds up to, kept for replies to heartbeats. Used on one event loop."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self.newest: pb.LedgerHead | None = None
        """As of the last `refresh`; None: the ledger has no facts, or can't be read."""

    async def refresh(self) -> pb.LedgerHead | None:
        """Read it anew if the ledger has grown; costs nothing else."""
        head = self._ledger.head()
        if head and (self.newest is None or self.newest.position < head):
            try:
                read = await asyncio.to_thread(self._read, head)
                if read is not None and (self.newest is None or self.newest.position < read.position):
                    self.newest = read
            except StoreError as error:
                _log.warning("the ledger's head can't be read: %s", error)
        return self.newest

    async def contradicted(self, worker: str, held: pb.LedgerHead) -> bool:
        """Whether the ledger doesn't hold what a worker was given; then that is recorded."""
        try:
            found = await asyncio.to_thread(self._read, held.position)
        except StoreError as error:
            _log.warning("the head that worker %s holds can't be compared: %s", worker, error)
            return False
        if found == held:
            return False
        ends_at = self._ledger.head()
        what = (
            f"ends at position {ends_at}: facts are missing from its end"
            if ends_at < held.position
            else "holds other facts up to there"
        )
        _log.error(
            "worker %s was given a head of the ledger at position %d, and this ledger %s."
            " It was restored from a backup (`buildledger serve --restored`), or altered (`buildledger audit verify`)",
            worker,
            held.position,
            what,
        )
        command = ContradictLedger(
            worker=worker, head_position=held.position, head_digest=held.digest.hex(), ledger_position=ends_at
        )
        try:
            await self._ledger.execute(command, origin=Origin(actor=f"worker:{worker}"))
        except LedgerUnavailable as trouble:
            _log.warning("that can't be recorded: %s", trouble)
        return True

    def _read(self, position: int) -> pb.LedgerHead | None:
        """What the ledger adds up to at the end of the commit that has this position."""
        for link in self._ledger.store.chain(position - 1, 1):
            return pb.LedgerHead(position=link.last_position, digest=link.head)
        return None


class ToldHeads:
    """Which heads one session has told its worker."""

    def __init__(self, heads: LedgerHeads, told: pb.LedgerHead | None, at: float) -> None:
        self._heads = heads
        self._told = 0 if told is None else told.position
        self._told_at = at

    def due(self, now: float) -> pb.LedgerHead | None:
        """A newer head, if one is to be told now; it counts as told."""
        newest = self._heads.newest
        if newest is None or newest.position <= self._told or now - self._told_at < TOLD_SECONDS:
            return None
        self._told, self._told_at = newest.position, now
        return newest
