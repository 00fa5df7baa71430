"""The worker service: joins the server, the door, the follower and the sessions."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

import grpc.aio

from buildledger.clock import Clock
from buildledger.domain.worker import DRAIN_REASON, DisconnectWorker, PauseWorker
from buildledger.events.ids import ServerId
from buildledger.events.operation import Ended
from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb
from buildledger.grpc_protos.worker.v1 import worker_pb2_grpc
from buildledger.ledger.ledger import Ledger
from buildledger.ledger.submission import Origin
from buildledger.logs.artifacts import ArtifactLimits, ArtifactStore
from buildledger.logs.store import LogStore
from buildledger.settings import Address
from buildledger.slave_grpc import server as server_
from buildledger.slave_grpc.admission import Door, NotAdmittedError, welcome
from buildledger.slave_grpc.authority import Authority
from buildledger.slave_grpc.blob_access import BlobAccess
from buildledger.slave_grpc.blob_tokens import RunTokens
from buildledger.slave_grpc.blobs import Blobs
from buildledger.slave_grpc.desk import ArtifactFinder, Desk
from buildledger.slave_grpc.follower import Follower
from buildledger.slave_grpc.identities import Identities
from buildledger.slave_grpc.inflow import Inflow
from buildledger.slave_grpc.intake import Intake
from buildledger.slave_grpc.open_work import Changes
from buildledger.slave_grpc.secret_source import SecretSource
from buildledger.slave_grpc.sender import Sender
from buildledger.slave_grpc.session import Context, Session
from buildledger.slave_grpc.settings import (
    INFLOW_MAX_BYTES,
    RETRY_SECONDS,
    SILENCE_LOOKS,
    WRITE_SECONDS,
    WorkerServiceSettings,
)
from buildledger.slave_grpc.status import error

STOP_GRACE_SECONDS = 1.0

_log = logging.getLogger(__name__)


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
        self._logs = logs
        self._secrets = secrets
        self._server_id = server_id
        self._settings = settings
        self._follower = Follower(ledger, self._changed)
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
        self._inflow = Inflow(INFLOW_MAX_BYTES)
        self._sessions: dict[str, Session] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: grpc.aio.Server | None = None
        self._watching: asyncio.Task[None] | None = None
        self._draining = False
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
        server_.add_sessions(self._server, self.serve)
        worker_pb2_grpc.add_BlobsServicer_to_server(Blobs(self._artifacts, self._access), self._server)
        self.port, self.mutual_port = self._identities.listen(self._server, address, mutual)
        await self._follower.start()
        await self._end_dead_connections()
        self._identities.start()
        await self._server.start()
        self._watching = asyncio.create_task(self._watch(), name="gateway-silence")
        return self.port

    async def drain(self, deadline_seconds: float) -> None:
        """Let no further worker in and ask those who are here to go; returns when they are gone or time is over."""
        self._draining = True
        sessions = list(self._sessions.values())
        for session in sessions:
            session.drain(deadline_seconds)
        gone = [asyncio.create_task(session.finished.wait()) for session in sessions]
        if gone:
            _, late = await asyncio.wait(gone, timeout=deadline_seconds)
            for waiting in late:
                waiting.cancel()

    async def stop(self) -> None:
        """End all sessions, finish what is being stored, and save where the follower stands."""
        self._draining = True
        for session in list(self._sessions.values()):
            session.leave("drained", pb.Down(drain=pb.Drain()))
        if self._server is not None:
            await self._server.stop(STOP_GRACE_SECONDS)
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.gather(self._watching, return_exceptions=True)
        await self._identities.stop()
        await self._desk.stop()
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._follower.stop()

    async def serve(self, context: Context) -> None:
        """Serve one worker's stream from its first message to its end."""
        try:
            async with asyncio.timeout(self._settings.silent_seconds):
                arrived = await context.read()
            if arrived is grpc.aio.EOF:
                return
            hello = self._hello(arrived[0])
            epoch = await self._door.admit(hello, context)
        except NotAdmittedError as refusal:
            _log.warning("%s is not let in: %s", context.peer(), refusal)
            async with asyncio.timeout(WRITE_SECONDS):
                await context.write(refusal.down)
            return
        except TimeoutError:
            return
        session = self._session(hello, epoch, context)
        try:
            await self._begin(session, hello, context)
            await session.run()
        finally:
            self._spawn(self._end(session))

    async def _watch(self) -> None:
        """Look at all sessions now and then, so that none of them needs a timer."""
        silent_seconds, loop = self._settings.silent_seconds, asyncio.get_running_loop()
        while True:
            await asyncio.sleep(silent_seconds / SILENCE_LOOKS)
            for session in list(self._sessions.values()):
                session.check(loop.time(), silent_seconds)

    def _hello(self, up: pb.Up) -> pb.Hello:
        if self._draining:
            raise NotAdmittedError(
                error(pb.ERROR_CODE_UNAVAILABLE, "the server is stopping", retry_seconds=RETRY_SECONDS)
            )
        if up.WhichOneof("message") != "hello":
            raise NotAdmittedError(error(pb.ERROR_CODE_PROTOCOL_VIOLATION, "a stream begins with hello", fatal=True))
        return up.hello

    def _session(self, hello: pb.Hello, epoch: int, context: Context) -> Session:
        intake = self._intake(hello.name)
        sender = Sender(
            context.write,
            epoch=epoch,
            features=hello.features,
            secrets=self._secrets,
            files=self._access,
            refuse=lambda operation, ended: self._spawn(intake.end(operation, ended)),
            do_here=self._desk.do,
        )
        return Session(
            context=context,
            hello=hello,
            epoch=epoch,
            sender=sender,
            intake=intake,
            inflow=self._inflow,
            on_drain_request=lambda reason: self._spawn(self._pause(hello.name, reason)),
        )

    def _intake(self, worker: str) -> Intake:
        return Intake(worker, self._ledger, self._logs, self._artifacts)

    async def _begin(self, session: Session, hello: pb.Hello, context: Context) -> None:
        """Say welcome, wait for what an earlier stream still stores, and say what is wanted."""
        async with asyncio.timeout(WRITE_SECONDS):
            await context.write(welcome(session.epoch, self._server_id, self._settings))
        while earlier := self._sessions.get(hello.name):
            earlier.leave("superseded", _superseded())
            await earlier.finished.wait()
        connection = self._follower.work.connection(hello.name)
        if connection is None or connection.epoch != session.epoch:
            session.leave("superseded", _superseded())
            return
        self._sessions[hello.name] = session
        forgotten = session.resume(hello, self._follower.work.of_worker(hello.name))
        intake = self._intake(hello.name)
        for operation in forgotten:
            ended = Ended(reason="interrupted", detail="the worker no longer knows that it had started this")
            self._spawn(intake.end(operation, ended))

    async def _end(self, session: Session) -> None:
        """Finish what is being stored, then record that the session is over."""
        await session.finish()
        if self._sessions.get(session.worker) is session:
            del self._sessions[session.worker]
        if session.reason != "superseded":
            await self._disconnect(session.worker, session.epoch, session.reason)

    async def _disconnect(self, worker: str, epoch: int, reason: str) -> None:
        await self._ledger.execute(
            DisconnectWorker(worker=worker, epoch=epoch, reason=reason), origin=Origin(actor="system")
        )

    async def _pause(self, worker: str, reason: str) -> None:
        await self._ledger.execute(
            PauseWorker(worker=worker, reason=f"{DRAIN_REASON}: {reason}"), origin=Origin(actor=f"worker:{worker}")
        )

    async def _end_dead_connections(self) -> None:
        """Workers that were connected to a server that is gone are connected to nobody: let their leases run."""
        names = [connection.worker for connection in self._follower.work.connections()]
        dead = [command for name in names if (command := self._door.dead_connection(name)) is not None]
        if dead:
            await self._ledger.execute(*dead, origin=Origin(actor="system"))

    def _changed(self, changes: Changes) -> None:
        """Hand each session what concerns it; costs nothing for those that nothing concerns."""
        for worker in changes.workers & self._sessions.keys():
            session = self._sessions[worker]
            connection = changes.connected.get(worker)
            if connection is not None and connection.epoch > session.epoch and connection.server_id != self._server_id:
                session.leave("superseded", _superseded())
                continue
            if worker in changes.revoked:
                session.leave("revoked", _void("was revoked: remove credential.json from its state directory and"))
                continue
            if worker in changes.expired:
                session.leave("expired", _void("has expired:"))
                continue
            session.drop(changes.ended.get(worker, ()))
            session.want(changes.changed.get(worker, {}).values())
        for operation in changes.cut_short:
            self._spawn(self._intake(operation.worker).close_logs(operation))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something that must not end with the stream it belongs to."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._spawned)

    def _spawned(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (trouble := task.exception()) is not None:
            _log.error("the worker service could not finish something", exc_info=trouble)


def _superseded() -> pb.Down:
    return error(pb.ERROR_CODE_SUPERSEDED, "a later session of this worker took over")


def _void(how: str) -> pb.Down:
    text = f"the worker's credential {how} start it with a new token from `buildledger token`"
    return error(pb.ERROR_CODE_UNAUTHENTICATED, text, fatal=True)
