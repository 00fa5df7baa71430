"""Signs tree heads while facts arrive, at most one in a while."""

from __future__ import annotations

import logging
import threading

import sqlalchemy as sa
from eventsourcing.persistence import PersistenceError

from buildledger.clock import Clock
from buildledger.events.seal import SealMade
from buildledger.ledger.errors import LedgerUnavailable
from buildledger.ledger.ledger import Ledger
from buildledger.ledger.proof import Tree
from buildledger.ledger.sealing import make_seal
from buildledger.ledger.signing import HeadKey, SignedHead
from buildledger.ledger.skipping import reason_of

HEAD_INTERVAL_SECONDS = 10.0
"""How long facts wait for a signed head at most; also how many facts share one."""
SEALS_LOOKED_AT = 100

_log = logging.getLogger(__name__)


class TreeHeadSigner:
    """A thread that lets the tree follow the ledger and states its head; idle while nothing happens."""

    def __init__(
        self,
        ledger: Ledger,
        tree: Tree,
        key: HeadKey,
        clock: Clock,
        interval_seconds: float = HEAD_INTERVAL_SECONDS,
    ) -> None:
        self._ledger = ledger
        self._tree = tree
        self._key = key
        self._clock = clock
        self._interval_seconds = interval_seconds
        self._closing = threading.Event()
        self.newest: SignedHead | None = None
        """The last head that was stated."""
        self.failure: str | None = None
        """Why the tree can't follow at the moment; shown in health."""
        self._thread = threading.Thread(target=self._run, name="tree-head-signer", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """State the last head and end the thread; call it before the ledger is closed."""
        self._closing.set()
        self._ledger.notify_all()
        self._thread.join()

    def _run(self) -> None:
        size = 0
        while not self._closing.is_set():
            size = self._sign(size)
            self._closing.wait(self._interval_seconds)
            self._ledger.wait_beyond(size, self._closing.is_set)
        self._sign(size)

    def _sign(self, size: int) -> int:
        """State the head of what was recorded since that size, and seal it; returns the size up to which that is."""
        try:
            since = self._ledger.read(size, SEALS_LOOKED_AT)
            if len(since) < SEALS_LOOKED_AT and all(isinstance(one.fact, SealMade) for one in since):
                # sealing seals would never end, with two servers least of all
                return since[-1].position if since else size
            self.newest = head = self._tree.sign(self._key, self._clock)
            make_seal(self._ledger, self._tree)
        except (PersistenceError, LedgerUnavailable, sa.exc.SQLAlchemyError) as error:
            if self.failure is None:
                _log.error("the tree can't follow the ledger: %s", reason_of(error))
            self.failure = str(error)
            return size
        if self.failure is not None:
            _log.warning("the tree follows the ledger again")
        self.failure = None
        # not the seal's position: between the head and its seal others may have recorded something
        return head.size
