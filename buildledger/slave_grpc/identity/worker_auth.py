"""All about who a worker is, joined: what it is given, what it shows, when that ends, and which door it comes to."""

import asyncio
from collections.abc import Callable

import grpc.aio

from buildledger.clock import Clock
from buildledger.grpc_protos.worker.v1 import worker_pb2_grpc
from buildledger.ledger.ledger import Ledger
from buildledger.settings import Address
from buildledger.slave_grpc.identity.authenticator import Callers
from buildledger.slave_grpc.identity.authority import Authority
from buildledger.slave_grpc.identity.certificates import certificate_of
from buildledger.slave_grpc.identity.credential_issuer import Issuer
from buildledger.slave_grpc.identity.enrollment import Enrollment
from buildledger.slave_grpc.identity.expiry import Expiry
from buildledger.slave_grpc.server import bind
from buildledger.slave_grpc.settings import WorkerServiceSettings
from buildledger.slave_grpc.state.follower import Follower


class Identities:
    """Without an `authority` workers get bearer credentials only. Only who `is_configured` is enrolled."""

    def __init__(
        self,
        *,
        ledger: Ledger,
        follower: Follower,
        clock: Clock,
        settings: WorkerServiceSettings,
        authority: Authority | None,
        is_configured: Callable[[str], bool],
    ) -> None:
        self.callers = Callers(ledger, follower, clock)
        self._authority = authority
        self._clock = clock
        self._tls = settings.tls
        self._enrollment = Enrollment(
            ledger=ledger,
            clock=clock,
            issuer=Issuer(authority, clock, settings),
            callers=self.callers,
            is_configured=is_configured,
            overlap_seconds=settings.overlap_seconds,
        )
        self._expiry = Expiry(ledger, follower, clock, settings.credential_seconds)
        self._expiring: asyncio.Task[None] | None = None

    def listen(self, server: grpc.aio.Server, address: Address, mutual: Address | None) -> tuple[int, int]:
        """Let a server listen at both addresses, and enroll; returns the ports, 0 for none.

        At `mutual` only those get in that show the certificate they were given.

        Raises: SettingsError if an address is taken or would be served in clear.
        """
        worker_pb2_grpc.add_EnrollmentServicer_to_server(self._enrollment, server)
        certificate = certificate_of(self._tls, self._authority, address, self._clock)
        port, mutual_port = bind(server, address, certificate), 0
        if mutual is not None and self._authority is not None:
            mutual_port = bind(server, mutual, certificate, self._authority.certificate_pem)
        return port, mutual_port

    def start(self) -> None:
        """Begin to note what expires; the follower has started before."""
        self._expiring = asyncio.create_task(self._expiry.run(), name="credentials-expiry")

    async def stop(self) -> None:
        """Note nothing more."""
        if self._expiring is not None:
            self._expiring.cancel()
            await asyncio.gather(self._expiring, return_exceptions=True)
