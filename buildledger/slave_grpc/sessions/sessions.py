"""All sessions of this server process, one a worker: begins them, hands them changes, watches and ends them."""

import asyncio
import contextlib
import logging

import grpc.aio

from buildledger.clock import SystemClock
from buildledger.events.ids import ServerId
from buildledger.events.operation import Ended, EndReason
from buildledger.events.worker import DisconnectReason
from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb
from buildledger.ledger.ledger import Ledger
from buildledger.ledger.outage import Outage
from buildledger.logs.artifacts import ArtifactStore
from buildledger.logs.store import LogStore
from buildledger.slave_grpc.blobs.access import BlobAccess
from buildledger.slave_grpc.identity.caller import current_caller
from buildledger.slave_grpc.sessions.admission import LedgerBehindError, NotAdmittedError, SessionAdmission, welcome
from buildledger.slave_grpc.sessions.ledger_heads import LedgerHeads, ToldHeads
from buildledger.slave_grpc.sessions.masking import MaskSource
from buildledger.slave_grpc.sessions.receive_budget import ReceiveBudget
from buildledger.slave_grpc.sessions.run_event_sink import RunEventSink
from buildledger.slave_grpc.sessions.secret_source import SecretLookups
from buildledger.slave_grpc.sessions.sender import Sender
from buildledger.slave_grpc.sessions.session import Context, Session
from buildledger.slave_grpc.sessions.session_endings import SUPERSEDED, reason_to_end, superseded
from buildledger.slave_grpc.sessions.unfinished import Unfinished
from buildledger.slave_grpc.sessions.worker_commands import disconnect, pause
from buildledger.slave_grpc.settings import (
    RETRY_SECONDS,
    SILENCE_CHECKS,
    UNSTORED_MAX_BYTES,
    WRITE_SECONDS,
    WorkerServiceSettings,
)
from buildledger.slave_grpc.state.follower import OpenWorkFollower
from buildledger.slave_grpc.state.open_work import Changes
from buildledger.slave_grpc.wire.status import error

_log = logging.getLogger(__name__)


class Sessions:
    """The sessions of one worker service. Used on one event loop."""

    def __init__(
        self,
        *,
        ledger: Ledger,
        logs: LogStore,
        artifacts: ArtifactStore,
        follower: OpenWorkFollower,
        admission: SessionAdmission,
        access: BlobAccess,
        secrets: SecretLookups,
        masks: MaskSource,
        server_id: ServerId,
        settings: WorkerServiceSettings,
    ) -> None:
        self._ledger = ledger
        self._logs = logs
        self._artifacts = artifacts
        self._follower = follower
        self._admission = admission
        self._access = access
        self._secrets = secrets
        self._masks = masks
        self._server_id = server_id
        self._settings = settings
        self._heads = LedgerHeads(ledger)
        self._waiting = Outage(
            _log,
            SystemClock(),
            level=logging.WARNING,
            failing="what workers report can't be kept, and is tried again",
            passed="what workers report is kept again",
            noun="try",
            several="tries",
        )
        self._receive_budget = ReceiveBudget(UNSTORED_MAX_BYTES)
        self._sessions: dict[str, Session] = {}
        self._unfinished = Unfinished()
        self._draining = False
        self._drain_seconds: float | None = None
        """What workers are told when the server drains; None: it doesn't, or ends at once."""

    def __len__(self) -> int:
        """How many workers hold a session."""
        return len(self._sessions)

    async def serve(self, context: Context) -> None:
        """Serve one worker's stream, from its first message to its end."""
        try:
            async with asyncio.timeout(self._settings.silent_seconds):
                arrived = await context.read()
            if arrived is grpc.aio.EOF:
                return
            hello = self._expect_hello(arrived[0])
            epoch = await self._admit(hello, context)
        except NotAdmittedError as refusal:
            _log.warning("%s is not admitted: %s", context.peer(), refusal)
            if isinstance(refusal, LedgerBehindError) and hello.HasField("ledger_head"):
                await self._heads.contradicted(hello.name, hello.ledger_head)
            async with asyncio.timeout(WRITE_SECONDS):
                await context.write(refusal.down)
            return
        except TimeoutError:
            return
        session = self._new_session(hello, epoch, context)
        try:
            await self._begin(session, hello, context)
            await session.run()
        finally:
            self._unfinished.spawn(self._end(session))

    async def watch(self) -> None:
        """Check all sessions at intervals, so that none of them needs a timer; until cancelled."""
        silent_seconds, loop = self._settings.silent_seconds, asyncio.get_running_loop()
        while True:
            await asyncio.sleep(silent_seconds / SILENCE_CHECKS)
            await self._heads.refresh()
            for session in list(self._sessions.values()):
                session.check(loop.time(), silent_seconds)

    def changed(self, changes: Changes) -> None:
        """Hand each session what concerns it; the others cost nothing."""
        for operation_ids in changes.ended.values():
            self._access.forget(operation_ids)
        for worker in changes.workers & self._sessions.keys():
            session = self._sessions[worker]
            if (ending := reason_to_end(worker, session.epoch, changes, self._server_id)) is not None:
                session.close(*ending)
                continue
            session.abandon(changes.ended.get(worker, ()))
            session.desire(changes.changed.get(worker, {}).values())
        for operation in changes.ended_by_server:
            self._unfinished.spawn(self._new_event_sink(operation.worker).close_logs(operation))

    async def drain(self, deadline_seconds: float) -> None:
        """Admit no more workers, and ask the connected ones to leave; returns when they have left or time is over."""
        self._draining, self._drain_seconds = True, deadline_seconds
        for session in self._sessions.values():
            session.drain(deadline_seconds)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(deadline_seconds):
                await self._unfinished.wait_none_open()

    def end(self) -> None:
        """Admit no more workers, and end all sessions."""
        self._draining = True
        for session in list(self._sessions.values()):
            session.close(DisconnectReason.DRAINED, pb.Down(drain=pb.Drain()))

    async def wait_stored(self) -> None:
        """Wait until nothing of ended sessions is being stored any more."""
        await self._unfinished.wait_stored()

    def _expect_hello(self, up: pb.Up) -> pb.Hello:
        if self._draining:
            raise NotAdmittedError(
                error(pb.ERROR_CODE_UNAVAILABLE, "the server is stopping", retry_seconds=RETRY_SECONDS)
            )
        if up.WhichOneof("message") != "hello":
            raise NotAdmittedError(error(pb.ERROR_CODE_PROTOCOL_VIOLATION, "a stream begins with hello", fatal=True))
        return up.hello

    async def _admit(self, hello: pb.Hello, context: Context) -> int:
        """See `SessionAdmission.admit`; from here on the server doesn't stop before the session has ended."""
        self._unfinished.count_open(+1)
        admitting = asyncio.create_task(self._admission.admit(hello, context.peer()))
        try:
            return await asyncio.shield(admitting)
        except asyncio.CancelledError:
            self._unfinished.spawn(self._withdraw(hello.name, admitting))
            raise
        except BaseException:
            self._unfinished.count_open(-1)
            raise

    async def _withdraw(self, worker: str, admitting: asyncio.Task[int]) -> None:
        """End what was begun for a worker whose stream has ended before it got its session."""
        try:
            with contextlib.suppress(NotAdmittedError):
                await disconnect(self._ledger, worker, await admitting, DisconnectReason.STREAM_ENDED)
        finally:
            self._unfinished.count_open(-1)

    def _new_session(self, hello: pb.Hello, epoch: int, context: Context) -> Session:
        event_sink = self._new_event_sink(hello.name)
        sender = Sender(
            context.write,
            epoch=epoch,
            features=hello.features,
            os=hello.os,
            secrets=self._secrets,
            files=self._access,
            refuse=lambda operation, ended: self._unfinished.spawn(event_sink.end(operation, ended)),
        )
        return Session(
            context=context,
            hello=hello,
            epoch=epoch,
            sender=sender,
            event_sink=event_sink,
            receive_budget=self._receive_budget,
            on_drain_request=lambda reason: self._unfinished.spawn(pause(self._ledger, hello.name, reason)),
        )

    def _new_event_sink(self, worker: str) -> RunEventSink:
        return RunEventSink(
            worker, self._ledger, self._logs, self._artifacts, self._access.received_sizes, self._masks, self._waiting
        )

    async def _begin(self, session: Session, hello: pb.Hello, context: Context) -> None:
        """Send the welcome, wait until an earlier stream has stored all it had, and send the desired state."""
        async with asyncio.timeout(WRITE_SECONDS):
            held = hello.ledger_head if hello.HasField("ledger_head") else None
            contradicted = held is not None and await self._heads.contradicted(hello.name, held)
            # read after the session was recorded: no worker was ever given a head beyond it
            head = await self._heads.refresh()
            down = welcome(
                session.epoch, self._server_id, self._settings, ledger_head=head, ledger_contradicted=contradicted
            )
            await context.write(down)
        session.told_heads = ToldHeads(self._heads, head, asyncio.get_running_loop().time())
        # whoever was slow to be welcomed may find a later one there, which its worker holds by now
        while (other := self._sessions.get(hello.name)) is not None and other.epoch < session.epoch:
            other.close(SUPERSEDED, superseded())
            await other.finished.wait()
        credential = current_caller().credential
        if (ending := self._admission.ended_meanwhile(hello.name, session.epoch, credential)) is not None:
            session.close(*ending)
            return
        self._sessions[hello.name] = session
        if self._drain_seconds is not None:  # the server has begun to drain after this worker was admitted
            session.drain(self._drain_seconds)
        unknown_to_worker = session.resume(hello, self._follower.work.of_worker(hello.name))
        event_sink = self._new_event_sink(hello.name)
        for operation in unknown_to_worker:
            ended = Ended(reason=EndReason.INTERRUPTED, detail="the worker no longer knows that it had started this")
            self._unfinished.spawn(event_sink.end(operation, ended))

    async def _end(self, session: Session) -> None:
        """Finish what is being stored, then record that the session has ended."""
        try:
            await session.finish()
        finally:
            self._unfinished.count_open(-1)
        if self._sessions.get(session.worker) is session:
            del self._sessions[session.worker]
        if session.reason != SUPERSEDED:
            await disconnect(self._ledger, session.worker, session.epoch, session.reason)
