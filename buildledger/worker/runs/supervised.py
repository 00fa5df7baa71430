"""Stays with a supervisor to its end, whichever worker process started it."""

import asyncio
import contextlib
import logging

from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb
from buildledger.worker.contract.directory import SupervisedDirectory
from buildledger.worker.contract.launch import level_name, reason_name
from buildledger.worker.journal.records import ProcessIdentity
from buildledger.worker.processes.orphans import Leftover
from buildledger.worker.processes.tree import Survivor
from buildledger.worker.runs.attempt import Attempt
from buildledger.worker.runs.exited import KILLED, exited_of, interrupted, not_started
from buildledger.worker.runs.follower import Follower
from buildledger.worker.supervision.command import FoundSupervisor, Supervisor

_log = logging.getLogger(__name__)


async def attend(attempt: Attempt, directory: SupervisedDirectory, supervisor: Supervisor) -> pb.Exited:
    """Follow a supervisor to its end and return what is to be said about the command."""
    assert attempt.journal.spool is not None
    follower = Follower(attempt, directory, attempt.journal.spool)
    steering = asyncio.create_task(_steer(attempt, supervisor))
    try:
        while True:
            # Asked before looking: what it wrote last is there when it has ended.
            has_ended = supervisor.has_ended
            if follower.look(all_of_it=has_ended):
                await asyncio.sleep(0)
            elif has_ended:
                break
            else:
                await supervisor.rung(follower.due_seconds)
    finally:
        steering.cancel()
        supervisor.let_go()
    exit_ = directory.exit()
    if exit_ is None:
        return await _cut_off(attempt, directory, follower)
    return exited_of(attempt, exit_, follower)


def found_supervisor(attempt: Attempt) -> FoundSupervisor:
    """What an earlier worker process left; after this, no supervisor on its way can start the command any more."""
    identity = None
    # Without the directory, or on a broken disk, nothing can have been started.
    with contextlib.suppress(OSError):
        identity = attempt.directory.claim()
    is_of_this_boot = attempt.journal.header.boot_id == attempt.workshop.boot_id
    return FoundSupervisor(identity if is_of_this_boot else None, attempt.directory)


def leftover_of(attempt: Attempt, root: ProcessIdentity | None) -> Leftover:
    """How to recognise what a killed supervisor has left running."""
    cgroup = None
    with contextlib.suppress(OSError):
        if (identity := attempt.directory.claim()) is not None:
            cgroup = identity.cgroup
    if root is None and cgroup is not None:
        root = ProcessIdentity(pid=0, started_ticks=0, cgroup=cgroup)
    return Leftover(attempt.cookie, root)


def cut_off(attempt: Attempt, root: ProcessIdentity | None, survivors: list[Survivor]) -> pb.Exited:
    """Journal what a supervisor had kept that didn't come to write down an end, and return what is to be said."""
    assert attempt.journal.spool is not None
    follower = Follower(attempt, attempt.directory, attempt.journal.spool)
    follower.root = follower.root or root
    return _last_words(attempt, follower, survivors)


async def _steer(attempt: Attempt, supervisor: Supervisor) -> None:
    """Pass on each request to end the run."""
    stop = attempt.stop
    while True:
        await stop.made_or_raised()
        order = {"level": level_name(stop.level), "grace": stop.grace_seconds, "reason": reason_name(stop.reason)}
        try:
            supervisor.stop({"stop": order})
        except OSError as error:
            _log.error("run %s can't be stopped: %s", attempt.run_id, error)


async def _cut_off(attempt: Attempt, directory: SupervisedDirectory, follower: Follower) -> pb.Exited:
    """The supervisor was killed: so is what it left."""
    host, cookie = attempt.workshop.host, attempt.cookie
    if follower.root is None and directory.claim() is None:
        return not_started(pb.START_FAILURE_OTHER, directory.diagnostics() or "the supervisor didn't start it")
    _log.error("run %s: %s", attempt.run_id, KILLED)
    survivors = await host.end_leftovers({cookie: leftover_of(attempt, follower.root)})
    attempt.workshop.household.strangers()
    directory.remove_secrets(cookie)
    return _last_words(attempt, follower, survivors[cookie])


def _last_words(attempt: Attempt, follower: Follower, survivors: list[Survivor]) -> pb.Exited:
    """Journal all that was kept, however much that is: nothing else of the attempt is to be waited for."""
    while follower.look(all_of_it=True):
        pass
    return interrupted(attempt, follower, survivors)
