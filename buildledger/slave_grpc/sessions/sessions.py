"""The sessions held here: begun, told what changes, looked at, ended; one a worker."""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

import grpc.aio

from buildledger.domain.worker import DRAIN_REASON, DisconnectWorker, PauseWorker
from buildledger.events.ids import ServerId
from buildledger.events.operation import Ended
from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb
from buildledger.ledger.ledger import Ledger
from buildledger.ledger.submission import Origin
from buildledger.logs.artifacts import ArtifactStore
from buildledger.logs.store import LogStore
from buildledger.slave_grpc.blobs.access import BlobAccess
from buildledger.slave_grpc.server_operations import Desk
from buildledger.slave_grpc.sessions.admission import Door, NotAdmittedError, welcome
from buildledger.slave_grpc.sessions.receive_budget import Inflow
from buildledger.slave_grpc.sessions.run_event_sink import Intake
from buildledger.slave_grpc.sessions.secret_source import SecretSource
from buildledger.slave_grpc.sessions.sender import Sender
from buildledger.slave_grpc.sessions.session import Context, Session
from buildledger.slave_grpc.settings import (
    INFLOW_MAX_BYTES,
    RETRY_SECONDS,
    SILENCE_LOOKS,
    WRITE_SECONDS,
    WorkerServiceSettings,
)
from buildledger.slave_grpc.state.follower import Follower
from buildledger.slave_grpc.state.open_work import Changes
from buildledger.slave_grpc.wire.status import error

_log = logging.getLogger(__name__)


class Sessions:
    """Those of one worker service, all on one event loop."""

    def __init__(
        self,
        *,
        ledger: Ledger,
        logs: LogStore,
        artifacts: ArtifactStore,
        follower: Follower,
        door: Door,
        access: BlobAccess,
        desk: Desk,
        secrets: SecretSource,
        server_id: ServerId,
        settings: WorkerServiceSettings,
    ) -> None:
        self._ledger = ledger
        self._logs = logs
        self._artifacts = artifacts
        self._follower = follower
        self._door = door
        self._access = access
        self._desk = desk
        self._secrets = secrets
        self._server_id = server_id
        self._settings = settings
        self._inflow = Inflow(INFLOW_MAX_BYTES)
        self._sessions: dict[str, Session] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._draining = False

    def __len__(self) -> int:
        """How many workers hold one."""
        return len(self._sessions)

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

    async def watch(self) -> None:
        """Look at all sessions now and then, so that none of them needs a timer."""
        silent_seconds, loop = self._settings.silent_seconds, asyncio.get_running_loop()
        while True:
            await asyncio.sleep(silent_seconds / SILENCE_LOOKS)
            for session in list(self._sessions.values()):
                session.check(loop.time(), silent_seconds)

    def changed(self, changes: Changes) -> None:
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

    def end(self) -> None:
        """End all of them, and let no further worker in."""
        self._draining = True
        for session in list(self._sessions.values()):
            session.leave("drained", pb.Down(drain=pb.Drain()))

    async def settled(self) -> None:
        """Wait until nothing of those that are over is being stored any more."""
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

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
