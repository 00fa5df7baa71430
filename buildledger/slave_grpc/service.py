"""The worker service: joins the server, the door, the follower and the sessions."""

import asyncio
from collections.abc import Callable

import grpc.aio

from buildledger.clock import Clock
from buildledger.events.ids import ServerId
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
from buildledger.slave_grpc.identity.authority import Authority
from buildledger.slave_grpc.identity.worker_auth import Identities
from buildledger.slave_grpc.server_operations import ArtifactFinder, Desk
from buildledger.slave_grpc.sessions.admission import Door
from buildledger.slave_grpc.sessions.secret_source import SecretSource
from buildledger.slave_grpc.sessions.sessions import Sessions
from buildledger.slave_grpc.settings import WorkerServiceSettings
from buildledger.slave_grpc.state.follower import Follower

STOP_GRACE_SECONDS = 1.0


class WorkerService:
    """Serves workers; one per process. `start`, then `drain` and `stop`, all on one event loop."""

    def __init__(
        self,
        *,
        ledger: Ledger,
        logs: LogStore,
        artifacts: ArtifactStore,
        limits: ArtifactLimits,
        finder: ArtifactFinder | None,
        installation_key: bytes,
        secrets: SecretSource,
        clock: Clock,
        server_id: ServerId,
        settings: WorkerServiceSettings,
        authority: Authority | None = None,
        is_configured: Callable[[str], bool] = lambda worker: True,
    ) -> None:
        """Without an `authority` workers get bearer credentials only. Who `is_configured` may come in."""
        self._ledger = ledger
        self._follower = Follower(ledger, lambda changes: self._sessions.changed(changes))
        self._identities = Identities(
            ledger=ledger,
            follower=self._follower,
            clock=clock,
            settings=settings,
            authority=authority,
            is_configured=is_configured,
        )
        self._door = Door(
            ledger=ledger,
            follower=self._follower,
            callers=self._identities.callers,
            is_configured=is_configured,
            clock=clock,
            server_id=server_id,
            settings=settings,
        )
        self._artifacts = artifacts
        self._access = BlobAccess(
            artifacts=artifacts,
            limits=limits,
            tokens=RunTokens(installation_key),
            callers=self._identities.callers,
            work=lambda: self._follower.work,
            catch_up=lambda: self._follower.reached(ledger.head()),
        )
        self._desk = Desk(ledger, artifacts, finder)
        self._sessions = Sessions(
            ledger=ledger,
            logs=logs,
            artifacts=artifacts,
            follower=self._follower,
            door=self._door,
            access=self._access,
            desk=self._desk,
            secrets=secrets,
            server_id=server_id,
            settings=settings,
        )
        self._server: grpc.aio.Server | None = None
        self._watching: asyncio.Task[None] | None = None
        self.port = self.mutual_port = 0

    @property
    def connected(self) -> int:
        """How many workers hold a session here."""
        return len(self._sessions)

    async def start(self, address: Address, mutual: Address | None = None) -> int:
        """Take up the work that is open, then listen; returns the port.

        At `mutual` only workers get in that show the certificate they were given.

        Raises: SettingsError if an address is taken or would be served in clear.
        """
        self._server = server_.make_server()
        server_.add_sessions(self._server, self._sessions.serve)
        worker_pb2_grpc.add_BlobsServicer_to_server(Blobs(self._artifacts, self._access), self._server)
        self.port, self.mutual_port = self._identities.listen(self._server, address, mutual)
        await self._follower.start()
        await self._end_dead_connections()
        self._identities.start()
        await self._server.start()
        self._watching = asyncio.create_task(self._sessions.watch(), name="gateway-silence")
        return self.port

    async def drain(self, deadline_seconds: float) -> None:
        """Let no further worker in and ask those who are here to go; returns when they are gone or time is over."""
        await self._sessions.drain(deadline_seconds)

    async def stop(self) -> None:
        """End all sessions, finish what is being stored, and save where the follower stands."""
        self._sessions.end()
        if self._server is not None:
            await self._server.stop(STOP_GRACE_SECONDS)
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.gather(self._watching, return_exceptions=True)
        await self._identities.stop()
        await self._desk.stop()
        await self._sessions.settled()
        await self._follower.stop()

    async def _end_dead_connections(self) -> None:
        """Workers that were connected to a server that is gone are connected to nobody: let their leases run."""
        names = [connection.worker for connection in self._follower.work.connections()]
        dead = [command for name in names if (command := self._door.dead_connection(name)) is not None]
        if dead:
            await self._ledger.execute(*dead, origin=Origin(actor="system"))
