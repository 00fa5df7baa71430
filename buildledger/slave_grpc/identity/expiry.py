"""Records in the ledger that a worker's credential has expired, which ends the worker's session."""

import asyncio
import logging
from datetime import datetime, timedelta

from buildledger.clock import Clock
from buildledger.domain.worker import ExpireCredential
from buildledger.ledger.errors import LedgerUnavailable
from buildledger.ledger.ledger import Ledger
from buildledger.ledger.outage import Outage
from buildledger.ledger.submission import Origin
from buildledger.slave_grpc.settings import RETRY_SECONDS
from buildledger.slave_grpc.state.follower import OpenWorkFollower

DISTRUST_SECONDS = 3600.0
"""How long a clock that was set ahead, perhaps before the start, has to stay before what it says has expired is void.

Void is for good, and a clock may be wrong for a while. Meanwhile such a credential lets nobody in, as long as the clock
says so.
"""
STEP_SECONDS = 5.0
"""A clock that has gone so much more or less than time has passed was set."""
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
        self._trusted = _TrustedTime(clock)
        self._unrecorded = Outage(
            _log,
            clock,
            level=logging.WARNING,
            failing="expired credentials can't be recorded yet",
            passed="expired credentials are recorded again",
            noun="try",
            several="tries",
        )

    async def run(self) -> None:
        """Record what expires, until cancelled."""
        while True:
            now = self._clock.now()
            try:
                await self._record(now)
            except LedgerUnavailable as error:
                self._unrecorded.failed(error)
                await asyncio.sleep(RETRY_SECONDS)
                continue
            self._unrecorded.succeeded()
            upcoming = (at for at, _ in self._follower.work.credentials.ending() if at > now)
            await self._clock.sleep_until(min((now + self._check_interval, *upcoming)))

    async def _record(self, now: datetime) -> None:
        over = self._trusted.is_over
        expired = [
            ExpireCredential(worker=credential.worker, credential_digest=credential.digest, at=now)
            for at, credential in self._follower.work.credentials.ending()
            if at <= now and over(at)
        ]
        if expired:
            kept = await self._ledger.execute(*expired, origin=Origin(actor="system"))
            await self._follower.reached(kept.position)


class _TrustedTime:
    """Which times have come while this process looked on, and which only a clock that was set says have."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._take_over()

    def is_over(self, at: datetime) -> bool:
        """Whether a time that the clock says is over has passed here, or the clock has said so for long."""
        if abs(self._offset() - self._set_to) > STEP_SECONDS:
            self._take_over()
        return at > self._since or self._clock.monotonic() - self._since_tick >= DISTRUST_SECONDS

    def _take_over(self) -> None:
        self._since, self._since_tick = self._clock.now(), self._clock.monotonic()
        self._set_to = self._offset()

    def _offset(self) -> float:
        return self._clock.now().timestamp() - self._clock.monotonic()
