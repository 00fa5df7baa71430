"""Follows the supervisor of a command to its end, whichever worker process started it."""

import asyncio
import contextlib
import logging

from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb
from buildledger.worker.journal.records import ProcessIdentity
from buildledger.worker.processes.orphans import OrphanedRun
from buildledger.worker.processes.tree import Survivor
from buildledger.worker.runs.attempt import Attempt
from buildledger.worker.runs.enum_mapping import level_name, reason_name
from buildledger.worker.runs.executor import Executor
from buildledger.worker.runs.exited import KILLED, exited_of, interrupted, not_started
from buildledger.worker.runs.follower import Follower
from buildledger.worker.supervision.command import AttachedSupervisor, Supervisor
from buildledger.worker.supervision.diagnostics import read_diagnostics

_log = logging.getLogger(__name__)


async def follow_to_end(attempt: Attempt, supervisor: Supervisor, executor: Executor) -> pb.Exited:
    """Follow a supervisor to its end and return the result of its command."""
    directory = attempt.directory
    follower = Follower(attempt)
    steering = asyncio.create_task(_pass_on_stops(attempt, supervisor))
    try:
        while True:
            # Asked before looking: what it wrote last is there when it has ended.
            has_ended = supervisor.has_ended
            if follower.poll(all_of_it=has_ended):
                await asyncio.sleep(0)
            elif has_ended:
                break
            else:
                await supervisor.notified(follower.due_seconds)
    finally:
        steering.cancel()
        supervisor.close()
    exit_ = directory.exit()
    if exit_ is None:
        return await _interrupted(attempt, follower, executor)
    return exited_of(attempt, exit_, follower)


def attached_supervisor(attempt: Attempt) -> AttachedSupervisor:
    """The supervisor that an earlier worker process started; none can start the command after this call."""
    identity = None
    # Without the directory, or on a broken disk, nothing can have been started.
    with contextlib.suppress(OSError):
        identity = attempt.directory.claim()
    is_of_this_boot = attempt.journal.header.boot_id == attempt.store.boot_id
    return AttachedSupervisor(identity if is_of_this_boot else None, attempt.directory)


def orphaned_run_of(attempt: Attempt, root: ProcessIdentity | None) -> OrphanedRun:
    """How to find processes that a killed supervisor left running."""
    cgroup = None
    with contextlib.suppress(OSError):
        if (identity := attempt.directory.claim()) is not None:
            cgroup = identity.cgroup
    if root is None and cgroup is not None:
        root = ProcessIdentity(pid=0, started_ticks=0, cgroup=cgroup)
    return OrphanedRun(attempt.cookie, root)


def interrupt_supervised(attempt: Attempt, root: ProcessIdentity | None, survivors: list[Survivor]) -> pb.Exited:
    """Journal the remaining output of a supervisor that was killed, and return the result."""
    follower = Follower(attempt)
    follower.root = follower.root or root
    return _journal_rest(attempt, follower, survivors)


async def _pass_on_stops(attempt: Attempt, supervisor: Supervisor) -> None:
    """Pass on each stop request to the supervisor."""
    stop = attempt.stop
    while True:
        await stop.changed()
        order = {"level": level_name(stop.level), "grace": stop.grace_seconds, "reason": reason_name(stop.reason)}
        try:
            supervisor.stop({"stop": order})
        except OSError as error:
            _log.error("run %s can't be stopped: %s", attempt.run_id, error)


async def _interrupted(attempt: Attempt, follower: Follower, executor: Executor) -> pb.Exited:
    """Kill what a killed supervisor left running, and return the result."""
    directory, cookie = attempt.directory, attempt.cookie
    if follower.root is None and directory.claim() is None:
        return not_started(
            pb.START_FAILURE_OTHER, read_diagnostics(directory.diagnostics) or "the supervisor didn't start it"
        )
    _log.error("run %s: %s", attempt.run_id, KILLED)
    survivors = await executor.kill_orphans({cookie: orphaned_run_of(attempt, follower.root)})
    directory.remove_secrets(cookie)
    return _journal_rest(attempt, follower, survivors[cookie])


def _journal_rest(attempt: Attempt, follower: Follower, survivors: list[Survivor]) -> pb.Exited:
    """Journal all remaining output of a killed supervisor, and return the result."""
    while follower.poll(all_of_it=True):
        pass
    return interrupted(attempt, follower, survivors)
