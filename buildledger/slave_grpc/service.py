"""The worker service: constructs its parts, starts them in the order of need, and stops them."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

import grpc.aio

from buildledger.clock import Clock
from buildledger.events.ids import ServerId
from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb
from buildledger.grpc_protos.worker.v1 import worker_pb2_grpc
from buildledger.ledger.ledger import Ledger
from buildledger.ledger.submission import Origin
from buildledger.logs.artifacts import ArtifactLimits, ArtifactStore
from buildledger.logs.store import LogStore
from buildledger.settings import Address
from buildledger.slave_grpc import server as server_
from buildledger.slave_grpc.blobs.access import BlobAccess
from buildledger.slave_grpc.blobs.service import Blobs
from buildledger.slave_grpc.blobs.tokens import RunTokens
from buildledger.slave_grpc.health import HealthService
from buildledger.slave_grpc.identity.authentication_interceptor import AuthenticationInterceptor
from buildledger.slave_grpc.identity.authority import Authority
from buildledger.slave_grpc.identity.certificates import certificate_of
from buildledger.slave_grpc.identity.proofs import CountsOnce
from buildledger.slave_grpc.identity.worker_auth import WorkerAuth
from buildledger.slave_grpc.sessions.admission import SessionAdmission
from buildledger.slave_grpc.sessions.masking import MaskSource, NoMasks
from buildledger.slave_grpc.sessions.secret_source import SecretLookups, SecretSource
from buildledger.slave_grpc.sessions.sessions import Sessions
from buildledger.slave_grpc.settings import WorkerServiceSettings
from buildledger.slave_grpc.state.follower import OpenWorkFollower

STOP_GRACE_SECONDS = 1.0


class WorkerService:
    """Serves workers; one a process. `start`, then `drain` and `stop`, all on one event loop."""

    def __init__(
        self,
        *,
        ledger: Ledger,
        logs: LogStore,
        artifacts: ArtifactStore,
        limits: ArtifactLimits,
        installation_key: bytes,
        secrets: SecretSource,
        clock: Clock,
        server_id: ServerId,
        settings: WorkerServiceSettings,
        authority: Authority | None = None,
        is_configured: Callable[[str], bool] = lambda worker: True,
        serves: Callable[[ServerId], bool] = lambda server_id: False,
        interceptors: Sequence[grpc.aio.ServerInterceptor] = (),
        seen_proofs: Path | None = None,
        proofs_once: CountsOnce | None = None,
        masks: MaskSource | None = None,
    ) -> None:
        """Without an `authority` workers get bearer credentials only. Only workers that are configured are admitted.

        `serves` says whether another server process lives: a session with one that doesn't is over.
        `interceptors` see each call before it is authenticated. The file `seen_proofs` remembers proofs of possession
        over a restart, `proofs_once` over all servers.
        """
        self._interceptors = interceptors
        self._ledger = ledger
        self._clock = clock
        self._settings = settings
        self._authority = authority
        self._follower = OpenWorkFollower(ledger, lambda changes: self._sessions.changed(changes))
        self._auth = WorkerAuth(
            ledger=ledger,
            follower=self._follower,
            clock=clock,
            settings=settings,
            authority=authority,
            is_configured=is_configured,
            seen_proofs=seen_proofs,
            proofs_once=proofs_once,
        )
        self._admission = SessionAdmission(
            ledger=ledger,
            follower=self._follower,
            is_configured=is_configured,
            clock=clock,
            server_id=server_id,
            serves=serves,
            settings=settings,
        )
        self._artifacts = artifacts
        self._access = BlobAccess(
            artifacts=artifacts,
            limits=limits,
            tokens=RunTokens(installation_key),
            authenticator=self._auth.authenticator,
            work=lambda: self._follower.work,
            catch_up=lambda: self._follower.reached(ledger.head()),
        )
        self._secrets = SecretLookups(secrets)
        self._sessions = Sessions(
            ledger=ledger,
            logs=logs,
            artifacts=artifacts,
            follower=self._follower,
            admission=self._admission,
            access=self._access,
            secrets=self._secrets,
            masks=masks or NoMasks(),
            server_id=server_id,
            settings=settings,
        )
        self._server: grpc.aio.Server | None = None
        self._health: HealthService | None = None
        self._watching: asyncio.Task[None] | None = None
        self.port = self.mutual_port = 0

    @property
    def connected(self) -> int:
        """How many workers hold a session with this process."""
        return len(self._sessions)

    async def start(self, address: Address, mutual: Address | None = None) -> int:
        """Follow the ledger up to its head, then listen; returns the port.

        At `mutual` workers must show the certificate that they were given.

        Raises:
            SettingsError: An address is taken, or would carry credentials in clear over a network.
        """
        self._server = server_.make_server(*self._interceptors, self._interceptor())
        self._health = HealthService(self._server)
        server_.add_sessions(self._server, self._sessions.serve)
        worker_pb2_grpc.add_BlobsServicer_to_server(Blobs(self._artifacts, self._access), self._server)
        worker_pb2_grpc.add_EnrollmentServicer_to_server(self._auth.enrollment, self._server)
        certificate = certificate_of(self._settings.tls, self._authority, address, self._clock)
        ports = server_.listen(self._server, address, mutual, certificate, self._authority)
        self.port, self.mutual_port = ports
        await self._follower.start()
        await self._end_dead_connections()
        self._auth.start()
        await self._health.serve()
        await self._server.start()
        self._watching = asyncio.create_task(self._sessions.watch(), name="gateway-silence")
        return self.port

    async def drain(self, deadline_seconds: float) -> None:
        """Admit no more workers, and ask the connected ones to leave; returns when they have left or time is over."""
        if self._health is not None:
            await self._health.drain()
        await self._sessions.drain(deadline_seconds)

    async def stop(self) -> None:
        """End all sessions, finish what is being stored, and write the follower's checkpoint."""
        self._sessions.end()
        if self._server is not None:
            await self._server.stop(STOP_GRACE_SECONDS)
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.gather(self._watching, return_exceptions=True)
        await self._auth.stop()
        await self._sessions.wait_stored()
        self._secrets.close()
        await self._follower.stop()

    def _interceptor(self) -> AuthenticationInterceptor:
        services = pb.DESCRIPTOR.services_by_name
        by_worker = self._auth.authenticator.authenticate
        return AuthenticationInterceptor(
            {
                services["Enrollment"].full_name: by_worker,
                services["Worker"].full_name: by_worker,
                services["Blobs"].full_name: self._access.authenticate,
            }
        )

    async def _end_dead_connections(self) -> None:
        """Record the end of sessions with servers that are gone, so that the workers' leases begin to run."""
        names = [connection.worker for connection in self._follower.work.connections()]
        dead = [command for name in names if (command := self._admission.dead_connection(name)) is not None]
        if dead:
            await self._ledger.execute(*dead, origin=Origin(actor="system"))
