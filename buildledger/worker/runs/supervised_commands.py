"""Runs commands through supervisors."""

from pathlib import Path
from typing import Any

from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb
from buildledger.worker.journal.records import SupervisionHeader
from buildledger.worker.processes.process import StartFailedError
from buildledger.worker.runs.attempt import Attempt
from buildledger.worker.runs.attempt_store import AttemptStore
from buildledger.worker.runs.executor import Executor
from buildledger.worker.runs.exited import not_started
from buildledger.worker.runs.plan import Plan
from buildledger.worker.runs.spool_shares import SpoolShares, segment_bytes
from buildledger.worker.runs.supervised import follow_to_end
from buildledger.worker.runs.supervised_launch import launch_of
from buildledger.worker.settings import WorkerSettings
from buildledger.worker.supervision.command import StartedSupervisor


class SupervisedCommands:
    """Starts each command under a supervisor of its own."""

    def __init__(self, program: Path, executor: Executor, settings: WorkerSettings, cgroup_parent: Path | None) -> None:
        self._program = program
        self._executor = executor
        self._cgroup_parent = cgroup_parent
        self._shares = SpoolShares(settings.spool_bytes)
        self._on_crash = settings.on_crash

    async def run(self, attempt: Attempt, plan: Plan) -> pb.Exited:
        """Run the plan's command and return its result; no process of it is left then."""
        directory = attempt.directory
        try:
            launch = launch_of(plan, attempt.cookie)
            directory.create()
            attempt.supervise(_header(attempt.store, plan))
            supervisor = StartedSupervisor(self._program, directory)
        except StartFailedError as error:
            return not_started(error.failure, error.message)
        except UnicodeError:
            return not_started(pb.START_FAILURE_BAD_CWD, "the path of its working directory is no UTF-8")
        except OSError as error:
            return not_started(pb.START_FAILURE_RESOURCES, error.strerror or str(error))
        with self._shares.member(supervisor) as share:
            supervisor.send(launch | self._limits(attempt, plan, share))
            return await follow_to_end(attempt, supervisor, self._executor)

    def _limits(self, attempt: Attempt, plan: Plan, share: int) -> dict[str, Any]:
        """The part of a launch that depends on this worker and the time of the start."""
        assert attempt.supervision is not None
        return {
            "timeouts": {"no_output": plan.no_output_seconds, "max": attempt.seconds_left(plan.max_seconds)},
            "cgroup": str(self._cgroup_parent or ""),
            "spool_bytes": share,
            "segment_bytes": attempt.supervision.segment_bytes,
            "on_worker_death": self._on_crash,
            "unattended": attempt.supervision.orphan_seconds,
        }


def _header(store: AttemptStore, plan: Plan) -> SupervisionHeader:
    """What a later worker process needs: how the output is kept, and what is to be done after the command."""
    afterwards = b""
    if plan.spec.files_out:
        rest = pb.RunSpec(builddir=plan.spec.builddir, files_out=plan.spec.files_out)
        afterwards = rest.SerializeToString()
    size = segment_bytes(store.settings.spool_bytes, len(plan.channels))
    return SupervisionHeader(
        segment_bytes=size, orphan_seconds=store.server_settings.orphan_seconds, afterwards=afterwards
    )
