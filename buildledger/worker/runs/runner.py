"""Executes attempts from their specification to their last event."""

import asyncio
import logging
from collections.abc import Awaitable, Coroutine, Sequence

from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb
from buildledger.worker.files.paged import paged
from buildledger.worker.files.transfers.blob_store import BlobStore
from buildledger.worker.files.trees import StoppedError
from buildledger.worker.runs.attempt import Attempt, State
from buildledger.worker.runs.attempt_store import AttemptStore
from buildledger.worker.runs.executor import Executor
from buildledger.worker.runs.plan import Plan, SpecRefusedError, make_plan
from buildledger.worker.runs.supervised import attached_supervisor, follow_to_end

_log = logging.getLogger(__name__)


class Runner:
    """Does what attempts are specified to do, by an executor; `run` and `resume` may go on for many at once."""

    def __init__(self, store: AttemptStore, executor: Executor, blobs: BlobStore) -> None:
        self._store = store
        self._executor = executor
        self._blobs = blobs

    async def run(self, attempt: Attempt, spec: pb.RunSpec, before: Sequence[Attempt]) -> None:
        """Do what `spec` says once the attempts in `before` are gone; the attempt has ended when this returns."""
        plan = self._accepted(attempt, spec)
        if plan is None:
            return
        if before and not await _in_time(asyncio.gather(*(each.gone.wait() for each in before)), plan.start_seconds):
            attempt.reject(pb.REJECT_CODE_START_TIMEOUT, "what ran in the build directory before didn't end in time")
            return
        if attempt.stop.is_made:
            attempt.reject(pb.REJECT_CODE_STOPPED_BEFORE_START, "it was stopped before it was started")
            return
        try:
            attempt.begin(plan.channels)
            if not plan.changes_nothing:
                await self._store.group_fsync.sync(attempt.journal)
        except OSError as error:
            _log.critical("run %s isn't started: the journal can't be written: %s", attempt.run_id, error)
            attempt.withdraw()
            attempt.reject(pb.REJECT_CODE_STORAGE, f"the worker's journal can't be written: {error.strerror}")
            return
        attempt.exit(await self._timed(attempt, plan))

    async def resume(self, attempt: Attempt) -> None:
        """Follow a command that an earlier worker process started, and upload its files when it has ended."""
        attempt.exit(await _ended_by_failure(attempt, self._follow_and_upload(attempt)))

    def _accepted(self, attempt: Attempt, spec: pb.RunSpec) -> Plan | None:
        try:
            return make_plan(spec, self._store.settings.work_dir, self._executor.features)
        except SpecRefusedError as refused:
            attempt.reject(refused.code, refused.message)
            return None

    async def _follow_and_upload(self, attempt: Attempt) -> pb.Exited:
        assert attempt.supervision is not None
        exited = await follow_to_end(attempt, attached_supervisor(attempt), self._executor)
        rest = pb.RunSpec.FromString(attempt.supervision.afterwards)
        if rest.files_out:
            plan = make_plan(rest, self._store.settings.work_dir, self._executor.features)
            await self._upload(attempt, plan, exited)
        return exited

    async def _timed(self, attempt: Attempt, plan: Plan) -> pb.Exited:
        """Fetch, operate, upload within the plan's limit of time; the first failure decides."""
        if attempt.stop.is_made:
            return pb.Exited(reason=attempt.stop.reason)
        attempt.state = State.RUNNING
        loop = asyncio.get_running_loop()
        attempt.began_at = loop.time()
        timer = None
        if plan.max_seconds:
            timer = loop.call_later(
                plan.max_seconds, attempt.stop.make, pb.EXIT_REASON_MAX_TIME, pb.STOP_LEVEL_INTERRUPT
            )
        try:
            return await _ended_by_failure(attempt, self._steps(attempt, plan))
        finally:
            if timer is not None:
                timer.cancel()

    async def _steps(self, attempt: Attempt, plan: Plan) -> pb.Exited:
        if plan.spec.files_in:
            failed = await self._executor.fetch_files(attempt, plan, self._blobs)
            if failed is not None:
                _record(attempt, pb.FileResult(error=failed))
                return pb.Exited(code=1, reason=pb.EXIT_REASON_FILE_FAILED)
        match plan.spec.WhichOneof("operation"):
            case "command":
                exited = await self._executor.run_command(attempt, plan)
            case None:
                exited = pb.Exited(code=0, reason=pb.EXIT_REASON_COMPLETED)
            case _:
                exited = await self._file_operation(attempt, plan)
        if plan.spec.files_out:
            await self._upload(attempt, plan, exited)
        return exited

    async def _file_operation(self, attempt: Attempt, plan: Plan) -> pb.Exited:
        results = await self._executor.operate(attempt, plan)
        for result in results:
            _record(attempt, result)
        if results[-1].HasField("error"):
            return pb.Exited(code=1, reason=pb.EXIT_REASON_FILE_FAILED)
        return pb.Exited(code=0, reason=pb.EXIT_REASON_COMPLETED)

    async def _upload(self, attempt: Attempt, plan: Plan, exited: pb.Exited) -> None:
        """Upload what the plan asks for; a failure changes how the run is said to have ended."""
        try:
            result = await self._executor.upload_files(attempt, plan, self._blobs, succeeded=_succeeded(exited))
        except StoppedError as stopped:
            # How its command ended is known all the same.
            exited.reason = attempt.stop.reason
            exited.message = str(stopped) or exited.message
            return
        _record(attempt, result)
        if result.HasField("error") and _succeeded(exited):
            exited.reason = pb.EXIT_REASON_FILE_FAILED


async def _in_time(awaitable: Awaitable[object], limit_seconds: float) -> bool:
    try:
        async with asyncio.timeout(limit_seconds or None):
            await awaitable
    except TimeoutError:
        return False
    return True


async def _ended_by_failure(attempt: Attempt, work: Coroutine[None, None, pb.Exited]) -> pb.Exited:
    """The result of `work`, or how the run has ended if it was stopped or its journal can't be written."""
    try:
        return await work
    except StoppedError as stopped:
        return pb.Exited(reason=attempt.stop.reason, message=str(stopped))
    except OSError as error:
        _log.critical("run %s: the journal can't be written: %s", attempt.run_id, error)
        return pb.Exited(reason=pb.EXIT_REASON_STORAGE, message=error.strerror or str(error))


def _record(attempt: Attempt, result: pb.FileResult) -> None:
    """Journal a file operation's result, in as many events as it takes."""
    for part in paged(result):
        attempt.record_event(pb.RunEvent(file_result=part))


def _succeeded(exited: pb.Exited) -> bool:
    return exited.WhichOneof("status") == "code" and exited.code == 0 and exited.reason == pb.EXIT_REASON_COMPLETED
