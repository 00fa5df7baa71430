"""Takes one attempt from its specification to its last event."""

import asyncio
import logging
from collections.abc import Awaitable, Coroutine, Sequence

from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb
from buildledger.worker.files.listing import StoppedError
from buildledger.worker.files.paged import in_parts
from buildledger.worker.files.transfers.fetch import BlobStore
from buildledger.worker.runs.attempt import Attempt, State
from buildledger.worker.runs.plan import Plan, SpecRefusedError, make_plan
from buildledger.worker.runs.supervised import attend, found_supervisor

_log = logging.getLogger(__name__)


async def run(attempt: Attempt, spec: pb.RunSpec, before: Sequence[Attempt], blobs: BlobStore) -> None:
    """Do what `spec` says once the attempts in `before` are gone; the attempt has ended when this returns."""
    workshop = attempt.workshop
    try:
        plan = make_plan(spec, workshop.settings.work_dir, workshop.features)
    except SpecRefusedError as refused:
        attempt.reject(refused.code, refused.message)
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
            await workshop.syncer.sync(attempt.journal)
    except OSError as error:
        _log.critical("run %s isn't started: the journal can't be written: %s", attempt.run_id, error)
        attempt.withdraw()
        attempt.reject(pb.REJECT_CODE_STORAGE, f"the worker's journal can't be written: {error.strerror}")
        return
    attempt.exit(await _operate(attempt, plan, blobs))


async def go_on(attempt: Attempt, blobs: BlobStore) -> None:
    """Stay with a command that an earlier worker process started, and do what comes after it."""
    attempt.exit(await _watched(attempt, _go_on(attempt, blobs)))


async def _go_on(attempt: Attempt, blobs: BlobStore) -> pb.Exited:
    assert attempt.supervision is not None
    workshop = attempt.workshop
    exited = await attend(attempt, attempt.directory, found_supervisor(attempt))
    rest = pb.RunSpec.FromString(attempt.supervision.afterwards)
    if rest.files_out:
        await _upload(attempt, make_plan(rest, workshop.settings.work_dir, workshop.features), blobs, exited)
    return exited


async def _in_time(awaitable: Awaitable[object], limit_seconds: float) -> bool:
    try:
        async with asyncio.timeout(limit_seconds or None):
            await awaitable
    except TimeoutError:
        return False
    return True


async def _operate(attempt: Attempt, plan: Plan, blobs: BlobStore) -> pb.Exited:
    """Fetch, operate, upload; the first failure decides."""
    if attempt.stop.is_made:
        return pb.Exited(reason=attempt.stop.reason)
    attempt.state = State.RUNNING
    attempt.began_at = asyncio.get_running_loop().time()
    timer = None
    if plan.max_seconds:
        timer = asyncio.get_running_loop().call_later(
            plan.max_seconds, attempt.stop.make, pb.EXIT_REASON_MAX_TIME, pb.STOP_LEVEL_INTERRUPT
        )
    try:
        return await _watched(attempt, _steps(attempt, plan, blobs))
    finally:
        if timer is not None:
            timer.cancel()


async def _watched(attempt: Attempt, work: Coroutine[None, None, pb.Exited]) -> pb.Exited:
    """What is to be said of work that may be stopped, or meet a broken disk."""
    try:
        return await work
    except StoppedError as stopped:
        return pb.Exited(reason=attempt.stop.reason, message=str(stopped))
    except OSError as error:
        _log.critical("run %s: the journal can't be written: %s", attempt.run_id, error)
        return pb.Exited(reason=pb.EXIT_REASON_STORAGE, message=error.strerror or str(error))


async def _steps(attempt: Attempt, plan: Plan, blobs: BlobStore) -> pb.Exited:
    host = attempt.workshop.host
    if plan.spec.files_in:
        failed = await host.fetch_files(attempt, plan, blobs)
        if failed is not None:
            _record(attempt, pb.FileResult(error=failed))
            return pb.Exited(code=1, reason=pb.EXIT_REASON_FILE_FAILED)
    match plan.spec.WhichOneof("operation"):
        case "command":
            exited = await host.run_command(attempt, plan)
        case None:
            exited = pb.Exited(code=0, reason=pb.EXIT_REASON_COMPLETED)
        case _:
            exited = await _file_operation(attempt, plan)
    if plan.spec.files_out:
        await _upload(attempt, plan, blobs, exited)
    return exited


async def _upload(attempt: Attempt, plan: Plan, blobs: BlobStore, exited: pb.Exited) -> None:
    """Upload what the plan asks for; what comes of it may change how the run is said to have ended."""
    try:
        result = await attempt.workshop.host.upload_files(attempt, plan, blobs, succeeded=_succeeded(exited))
    except StoppedError as stopped:
        # How its command ended is known all the same.
        exited.reason = attempt.stop.reason
        exited.message = str(stopped) or exited.message
        return
    _record(attempt, result)
    if result.HasField("error") and _succeeded(exited):
        exited.reason = pb.EXIT_REASON_FILE_FAILED


def _record(attempt: Attempt, result: pb.FileResult) -> None:
    """Journal a file operation's result, in as many events as it takes."""
    for part in in_parts(result):
        attempt.record_event(pb.RunEvent(file_result=part))


def _succeeded(exited: pb.Exited) -> bool:
    return exited.WhichOneof("status") == "code" and exited.code == 0 and exited.reason == pb.EXIT_REASON_COMPLETED


async def _file_operation(attempt: Attempt, plan: Plan) -> pb.Exited:
    results = await attempt.workshop.host.operate(attempt, plan)
    for result in results:
        _record(attempt, result)
    if results[-1].HasField("error"):
        return pb.Exited(code=1, reason=pb.EXIT_REASON_FILE_FAILED)
    return pb.Exited(code=0, reason=pb.EXIT_REASON_COMPLETED)
