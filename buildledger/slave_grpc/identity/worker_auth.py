"""Joins what establishes a worker's identity: enrollment, authentication, and the expiry of credentials."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from buildledger.clock import Clock
from buildledger.ledger.ledger import Ledger
from buildledger.slave_grpc.identity.authenticator import Authenticator
from buildledger.slave_grpc.identity.authority import Authority
from buildledger.slave_grpc.identity.credential_issuer import CredentialIssuer
from buildledger.slave_grpc.identity.enrollment import Enrollment
from buildledger.slave_grpc.identity.expiry import CredentialExpiry
from buildledger.slave_grpc.identity.proofs import CountsOnce, ProofChecker
from buildledger.slave_grpc.settings import WorkerServiceSettings
from buildledger.slave_grpc.state.follower import OpenWorkFollower


class WorkerAuth:
    """Constructs the parts and runs the expiry of credentials.

    Without an `authority` workers get bearer credentials only. Only workers that are configured are enrolled.
    """

    def __init__(
        self,
        *,
        ledger: Ledger,
        follower: OpenWorkFollower,
        clock: Clock,
        settings: WorkerServiceSettings,
        authority: Authority | None,
        is_configured: Callable[[str], bool],
        seen_proofs: Path | None,
        proofs_once: CountsOnce | None,
    ) -> None:
        self.authenticator = Authenticator(ledger, follower, clock, ProofChecker(clock, seen_proofs, proofs_once))
        self.enrollment = Enrollment(
            ledger=ledger,
            clock=clock,
            issuer=CredentialIssuer(authority, clock, settings),
            is_configured=is_configured,
            overlap_seconds=settings.overlap_seconds,
        )
        self._expiry = CredentialExpiry(ledger, follower, clock, settings.credential_seconds)
        self._expiring: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to record what expires; the follower must have started."""
        self._expiring = asyncio.create_task(self._expiry.run(), name="credentials-expiry")

    async def stop(self) -> None:
        """Stop recording what expires."""
        if self._expiring is not None:
            self._expiring.cancel()
            await asyncio.gather(self._expiring, return_exceptions=True)
