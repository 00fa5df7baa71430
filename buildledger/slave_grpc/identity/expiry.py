"""Records in the ledger that a worker's credential has expired, which ends the worker's session."""

import asyncio
import logging
from datetime import datetime, timedelta

from buildledger.clock import Clock
from buildledger.domain.worker import ExpireCredential
from buildledger.ledger.errors import LedgerUnavailable
from buildledger.ledger.ledger import Ledger
from buildledger.ledger.submission import Origin
from buildledger.slave_grpc.settings import RETRY_SECONDS
from buildledger.slave_grpc.state.follower import OpenWorkFollower

CHECK_INTERVAL = timedelta(minutes=1)
"""Longest time between two checks: a credential that is issued meanwhile may expire sooner than the others."""

_log = logging.getLogger(__name__)


class CredentialExpiry:
    """Records expired credentials. Any number of servers may do so on one ledger: each is recorded once."""

    def __init__(self, ledger: Ledger, follower: OpenWorkFollower, clock: Clock, life_seconds: float) -> None:
        self._ledger = ledger
        self._follower = follower
        self._clock = clock
        self._check_interval = min(CHECK_INTERVAL, timedelta(seconds=life_seconds))

    async def run(self) -> None:
        """Record what expires, until cancelled."""
        while True:
            now = self._clock.now()
            try:
                await self._record(now)
            except LedgerUnavailable as error:
                _log.warning("expired credentials can't be recorded yet: %s", error)
                await asyncio.sleep(RETRY_SECONDS)
                continue
            upcoming = (at for at, _ in self._follower.work.credentials.ending() if at > now)
            await self._clock.sleep_until(min((now + self._check_interval, *upcoming)))

    async def _record(self, now: datetime) -> None:
        expired = [
            ExpireCredential(worker=credential.worker, credential_digest=credential.digest, at=now)
            for at, credential in self._follower.work.credentials.ending()
            if at <= now
        ]
        if expired:
            kept = await self._ledger.execute(*expired, origin=Origin(actor="system"))
            await self._follower.reached(kept.position)
