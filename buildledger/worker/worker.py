"""Connects the parts of a worker: credential, session, attempts and their runner."""

import asyncio
import contextlib
import logging
import threading
import uuid
from collections.abc import Coroutine

from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb
from buildledger.worker.files.transfers.blob_store import BlobStore
from buildledger.worker.files.unused_directories import LOOK_SECONDS, UnusedDirectories, remove_all
from buildledger.worker.processes.orphans import OrphanedRun
from buildledger.worker.runs.attempt import Attempt
from buildledger.worker.runs.attempt_store import AttemptStore
from buildledger.worker.runs.executor import Executor
from buildledger.worker.runs.local_executor import LocalExecutor
from buildledger.worker.runs.recovery import recover
from buildledger.worker.runs.runner import Runner
from buildledger.worker.session.attempt_registry import AttemptRegistry
from buildledger.worker.session.epoch_file import EpochFile
from buildledger.worker.session.ledger_head import LedgerHeadFile
from buildledger.worker.session.orphan_timer import OrphanTimer
from buildledger.worker.session.outbox import Outbox
from buildledger.worker.session.session import SessionIdentity
from buildledger.worker.session.sessions import Sessions
from buildledger.worker.settings import WorkerSettings
from buildledger.worker.transport.cancelled import is_cancelled
from buildledger.worker.transport.credential import StoredCredential
from buildledger.worker.transport.credential_provider import CredentialProvider
from buildledger.worker.transport.transport import open_channel

_GOODBYE_SECONDS = 3.0

_log = logging.getLogger(__name__)


class Worker:
    """Holds runs and sessions; one per process and state directory."""

    def __init__(self, settings: WorkerSettings, executor: Executor | None = None) -> None:
        """`executor` does the work of the runs: on this machine, unless another one is given."""
        self._settings = settings
        self._credentials = CredentialProvider(settings, self._use)
        self._outbox = Outbox()
        self._store = AttemptStore(settings)
        self._executor = executor or LocalExecutor(settings)
        self._registry = AttemptRegistry(self._store, self._start, self._outbox.wake)
        self._blobs = BlobStore(lambda: open_channel(settings, settings.server, self._credentials.current))
        self._runner = Runner(self._store, self._executor, self._blobs)
        self._directories = UnusedDirectories(settings.state_dir, settings.work_dir, settings.keep_seconds)
        epoch_file = EpochFile(settings.state_dir / "epoch")
        self._identity = SessionIdentity(
            instance_id=str(uuid.uuid4()),
            worker_id="",
            last_epoch=epoch_file.read(),
            ledger_head=LedgerHeadFile(settings.state_dir / "ledger-head"),
        )
        self._orphan_timer = OrphanTimer(self._registry)
        self._sessions = Sessions(
            settings,
            store=self._store,
            executor=self._executor,
            registry=self._registry,
            outbox=self._outbox,
            identity=self._identity,
            credentials=self._credentials,
            epoch_file=epoch_file,
            orphan_timer=self._orphan_timer,
        )
        self._runs: set[asyncio.Task[None]] = set()
        self._shutting_down = False
        self._ending: asyncio.Task[None] | None = None
        self._left = asyncio.Event()

    async def run(self) -> None:
        """Serve until `shut_down` or `drain` is through.

        Raises:
            PlainTransportRefusedError: the settings would send secrets in clear.
            EnrollmentRefusedError: the token isn't taken.
        """
        self._credentials.check_transport()
        tasks: list[asyncio.Task[object]] = []
        try:
            for attempt in await recover(self._store, self._executor, self._outbox.wake):
                self._registry.take_over(attempt)
                if not attempt.has_ended and attempt.supervision is not None:
                    self._begin(attempt, self._runner.resume(attempt))
                    # The server may not be there any more either.
                    self._orphan_timer.start(attempt.supervision.orphan_seconds)
            self._runs.add(asyncio.create_task(self._remove_unused_directories()))
            tasks += [asyncio.create_task(each) for each in (self._serve(), self._left.wait())]
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            if tasks[0].done():
                tasks[0].result()
        finally:
            await self._tear_down(tasks)

    async def _serve(self) -> None:
        """Enroll if need be, then hold sessions and renew the credential until cancelled."""
        await self._credentials.ensure_enrolled()
        renewing = asyncio.create_task(self._credentials.keep_renewed())
        try:
            await self._sessions.keep()
        finally:
            renewing.cancel()
            await asyncio.gather(renewing, return_exceptions=True)

    def drain(self, reason: str) -> None:
        """Accept no new runs, finish the current ones, then leave."""
        if self._identity.draining_reason is None:
            _log.info("draining: %s", reason)
            self._announce_end(reason)
            self._ending = asyncio.create_task(self._end())

    def shut_down(self, reason: str) -> None:
        """End all runs by their stop policy, deliver what came of them, then leave; called again, end them by force."""
        level = pb.STOP_LEVEL_KILL if self._shutting_down else pb.STOP_LEVEL_INTERRUPT
        _log.info("shutting down: %s", reason)
        self._shutting_down = True
        self._announce_end(reason)
        self._registry.stop_all(pb.EXIT_REASON_WORKER_SHUTDOWN, level)
        if self._ending is not None:
            self._ending.cancel()
        self._ending = asyncio.create_task(self._end())

    def _announce_end(self, reason: str) -> None:
        self._identity.draining_reason = reason
        self._registry.draining = True
        self._outbox.post(pb.Up(drain_request=pb.DrainRequest(reason=reason)))

    async def _end(self) -> None:
        """Wait for the runs, deliver their last events if somebody listens, and leave."""
        await asyncio.gather(*(attempt.gone.wait() for attempt in self._registry))
        session = self._sessions.current
        if session is not None and session.is_established:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._settings.drain_seconds):
                    await self._registry.all_delivered()
            session.say_goodbye(self._identity.draining_reason or "")
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_GOODBYE_SECONDS):
                    await session.ended.wait()
        self._left.set()

    async def _remove_unused_directories(self) -> None:
        """Remove build directories that nothing uses, now and again; between look and move no run can begin."""
        stopped = threading.Event()
        try:
            while True:
                try:
                    unused = self._directories.put_aside([attempt.builddir for attempt in self._registry.at_work])
                    await asyncio.to_thread(remove_all, unused, stopped)
                except OSError as error:
                    _log.warning("unused build directories can't be looked for: %s", error)
                await asyncio.sleep(LOOK_SECONDS)
        finally:
            stopped.set()

    def _start(self, attempt: Attempt, spec: pb.RunSpec, before: list[Attempt]) -> None:
        self._directories.note(attempt.builddir)
        self._begin(attempt, self._runner.run(attempt, spec, before))

    def _begin(self, attempt: Attempt, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(self._perform(attempt, work))
        self._runs.add(task)
        task.add_done_callback(self._runs.discard)

    async def _perform(self, attempt: Attempt, work: Coroutine[None, None, None]) -> None:
        try:
            await work
        except asyncio.CancelledError:
            if is_cancelled():
                raise
            # Not this task was cancelled, but something that it waited for.
            _log.exception("run %s failed inside the worker", attempt.run_id)
            attempt.fail("the worker failed: something that it waited for was cancelled")
        except Exception as error:
            # A fault of this program must end one run, not the worker with all its runs.
            _log.exception("run %s failed inside the worker", attempt.run_id)
            attempt.fail(f"the worker failed: {type(error).__name__}")
        self._registry.remove_if_unknown(attempt)

    def _use(self, credential: StoredCredential | None) -> None:
        """Use this credential from the next call on."""
        self._blobs.credential = credential
        self._identity.worker_id = credential.worker_id if credential is not None else ""

    async def _tear_down(self, tasks: list[asyncio.Task[object]]) -> None:
        """Kill what still runs and close everything; what isn't delivered stays in the journals."""
        everything = [*tasks, *self._runs, *([self._ending] if self._ending is not None else [])]
        for task in everything:
            task.cancel()
        await asyncio.gather(*everything, return_exceptions=True)
        self._orphan_timer.stop()
        # Supervisors do what their workers' end means for their runs.
        at_work = [each for each in self._registry.at_work if each.supervision is None]
        orphans = {each.cookie: OrphanedRun(each.cookie, None) for each in at_work}
        if orphans:
            await self._executor.kill_orphans(orphans)
        self._store.group_fsync.close()
        for attempt in self._registry:
            attempt.journal.close()
        await self._blobs.close()
