"""Notes in the ledger when a worker's credential has reached its end, which ends the worker's session."""

import asyncio
import logging
from datetime import datetime, timedelta

from buildledger.clock import Clock
from buildledger.domain.worker import ExpireCredential
from buildledger.ledger.errors import LedgerUnavailable
from buildledger.ledger.ledger import Ledger
from buildledger.ledger.submission import Origin
from buildledger.slave_grpc.settings import RETRY_SECONDS
from buildledger.slave_grpc.state.follower import Follower

LOOK_AGAIN = timedelta(minutes=1)
"""So often at least it is looked for what ends next: what is issued meanwhile may end sooner."""

_log = logging.getLogger(__name__)


class Expiry:
    """Any number of servers may do this on one ledger: each end is noted once."""

    def __init__(self, ledger: Ledger, follower: Follower, clock: Clock, life_seconds: float) -> None:
        self._ledger = ledger
        self._follower = follower
        self._clock = clock
        self._look_again = min(LOOK_AGAIN, timedelta(seconds=life_seconds))

    async def run(self) -> None:
        """Go on until cancelled."""
        while True:
            now = self._clock.now()
            try:
                await self._note(now)
            except LedgerUnavailable as error:
                _log.warning("ends of credentials can't be noted yet: %s", error)
                await asyncio.sleep(RETRY_SECONDS)
                continue
            upcoming = (at for at, _ in self._follower.work.credentials.ending() if at > now)
            await self._clock.sleep_until(min((now + self._look_again, *upcoming)))

    async def _note(self, now: datetime) -> None:
        over = [
            ExpireCredential(worker=credential.worker, credential_digest=credential.digest, at=now)
            for at, credential in self._follower.work.credentials.ending()
            if at <= now
        ]
        if over:
            kept = await self._ledger.execute(*over, origin=Origin(actor="system"))
            await self._follower.reached(kept.position)
