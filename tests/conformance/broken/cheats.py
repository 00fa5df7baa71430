"""Workers that do what the protocol forbids, each in one way: `python -m …broken.cheats NAME OPTIONS…`."""

import os
import sys
import uuid
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb
from buildledger.worker.command_line import main
from buildledger.worker.journal.journal import Journal
from buildledger.worker.masking import secret_encodings
from buildledger.worker.processes.orphans import OrphanedRun
from buildledger.worker.processes.tree import Survivor
from buildledger.worker.runs import delivery, runner
from buildledger.worker.runs.attempt import Attempt, State
from buildledger.worker.runs.local_executor import LocalExecutor
from buildledger.worker.runs.plan import Plan
from buildledger.worker.runs.stopping import StopRequest
from buildledger.worker.session import sessions
from buildledger.worker.session.attempt_registry import AttemptRegistry
from buildledger.worker.session.epoch_file import EpochFile
from buildledger.worker.session.session import Session
from buildledger.worker.transport import credential, credential_provider, enrollment

FILL_EVENT, MAKE_PLAN = "fill_event", "make_plan"
"""Names that a module has from another one."""


def _set(owner: Any, name: str, value: Any) -> None:
    """Change the worker in something that it has: what it does otherwise stays as it is."""
    assert hasattr(owner, name), f"{owner} has no {name} any more"
    setattr(owner, name, value)


def _shadow(owner: type, name: str, value: property) -> None:
    """Put a property before what each instance has under this name."""
    setattr(owner, name, value)


def says_interrupted_while_it_runs() -> None:
    """The old process is left alone when its end is told."""

    async def leave_alone(_: LocalExecutor, orphans: Mapping[str, OrphanedRun]) -> dict[str, list[Survivor]]:
        return {cookie: [] for cookie in orphans}

    _set(LocalExecutor, "kill_orphans", leave_alone)


def forgets_the_epoch() -> None:
    """Every start begins with epoch 0."""
    _set(EpochFile, "read", lambda _: 0)


def leaves_its_credential_open() -> None:
    """The file with the credential is readable for all."""
    sound = credential.store

    def unsound(state_dir: Any, stored: Any) -> None:
        sound(state_dir, stored)
        for path in state_dir.iterdir():
            if path.is_file():
                path.chmod(0o644)

    for module in (credential, credential_provider, enrollment):
        if hasattr(module, "store"):
            _set(module, "store", unsound)


def changes_times() -> None:
    """An event has the time of its sending."""
    sound: Any = getattr(delivery, FILL_EVENT)

    def unsound(event: pb.RunEvent, *rest: Any) -> None:
        sound(event, *rest)
        event.wall.GetCurrentTime()

    _set(delivery, FILL_EVENT, unsound)


def masks_only_whole_secrets() -> None:
    """The lines of a secret are shown."""
    _set(secret_encodings, "_lines", lambda _: iter(()))


def tells_the_last_reason() -> None:
    """Whatever comes later replaces the reason."""
    sound = StopRequest.make

    def unsound(self: StopRequest, reason: pb.ExitReason.ValueType, *rest: Any) -> None:
        sound(self, reason, *rest)
        self.reason = reason

    _set(StopRequest, "make", unsound)


def takes_runs_while_draining() -> None:
    """A RUN that comes after its own DrainRequest is begun."""
    _shadow(AttemptRegistry, "draining", property(lambda _: False, lambda _self, _value: None))


def _with_plan(change: Callable[[Plan], Plan]) -> None:
    sound: Any = getattr(runner, MAKE_PLAN)
    _set(runner, MAKE_PLAN, lambda *arguments: change(sound(*arguments)))


def doubles_max_time() -> None:
    """A run may take twice as long."""
    _with_plan(lambda plan: replace(plan, max_seconds=2 * plan.max_seconds))


def doubles_no_output() -> None:
    """A run may be silent twice as long."""
    _with_plan(lambda plan: replace(plan, no_output_seconds=2 * plan.no_output_seconds))


def doubles_grace() -> None:
    """Each level of a stop policy waits twice as long."""
    _with_plan(lambda plan: replace(plan, stop_policy=[(level, 2 * grace) for level, grace in plan.stop_policy]))


def frees_no_disk() -> None:
    """Segments of journals are closed, and stay."""
    _set(Journal, "_drop_segment", lambda self, number: os.close(self._descriptors.pop(number)))


def names_no_running_runs() -> None:
    """Heartbeats don't tell what runs."""
    _with_heartbeat(lambda beat: beat.ClearField("running"))


def tells_no_spooled_bytes() -> None:
    """Heartbeats don't tell what waits on the disk."""
    _with_heartbeat(lambda beat: beat.ClearField("spooled_bytes"))


def _with_heartbeat(change: Callable[[pb.Heartbeat], None]) -> None:
    sound = Session._heartbeat

    def unsound(self: Session, number: int) -> pb.Heartbeat:
        beat = sound(self, number)
        change(beat)
        return beat

    _set(Session, "_heartbeat", unsound)


def is_another_instance_each_time() -> None:
    """Each session has an instance_id of its own."""
    sound = Session._hello

    def unsound(self: Session) -> pb.Hello:
        hello = sound(self)
        hello.instance_id = str(uuid.uuid4())
        return hello

    _set(Session, "_hello", unsound)


def gives_no_digests() -> None:
    """The totals of output come without their digest."""
    sound = Attempt.exit

    def unsound(self: Attempt, exited: pb.Exited) -> None:
        for total in exited.output_totals:
            total.sha256 = b""
        sound(self, exited)

    _set(Attempt, "exit", unsound)


def loses_a_stop_behind_a_run() -> None:
    """A STOP that comes before there is a process is dropped."""
    sound = AttemptRegistry._converge

    def unsound(self: AttemptRegistry, wanted: pb.DesiredRun) -> None:
        attempt = self._attempts.get((wanted.run_id, wanted.attempt))
        if attempt is None or attempt.state >= State.RUNNING or wanted.want != pb.WANT_STOP:
            sound(self, wanted)

    _set(AttemptRegistry, "_converge", unsound)


def ignores_a_run_without_specification() -> None:
    """Says nothing of a RUN that it can't begin, as if it held the attempt."""
    sound = AttemptRegistry._converge

    def unsound(self: AttemptRegistry, wanted: pb.DesiredRun) -> None:
        if wanted.HasField("spec") or wanted.want != pb.WANT_RUN:
            sound(self, wanted)

    _set(AttemptRegistry, "_converge", unsound)


def hurries_although_it_is_not_permitted() -> None:
    """A status that only a person can change is one failure among others."""
    _set(sessions, "_UNWELCOME", frozenset())


if __name__ == "__main__":
    globals()[sys.argv.pop(1)]()
    main()
