"""Steps about what the server wants, and about what it acknowledges and allows."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from buildledger.conformance.case_context import CaseContext
from buildledger.conformance.message_builder import build, enum_number
from buildledger.conformance.steps.step import Step
from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb


class Want(Step):
    """Want something of a run: RUN, STOP, ABANDON or RELEASE.

    It is sent at once, `times` times, and stands in the full Desired of every session that follows unless `lasting` is
    false. A negative `epoch_offset` or `revision_offset` makes the message outdated.
    """

    main_field: ClassVar[str] = "run"
    run: str
    state: Literal["RUN", "STOP", "ABANDON", "RELEASE"] = "RUN"
    attempt: int = 1
    fence: int = 1
    stop: dict[str, Any] | None = None
    times: int = 1
    epoch_offset: int = 0
    revision_offset: int = 0
    lasting: bool = True
    with_spec: bool = True

    def try_out(self) -> None:
        """Build what can be built."""
        build(pb.Stop, self.stop or {}, "stop")

    async def execute(self, context: CaseContext) -> None:
        """Send it."""
        wanted = pb.DesiredRun(
            run_id=context.server.runs.run_id(self.run),
            attempt=self.attempt,
            fence=self.fence,
            want=pb.Want.ValueType(enum_number(pb.Want.DESCRIPTOR, self.state, "state")),
        )
        if self.state == "RUN" and self.with_spec:
            wanted.spec.CopyFrom(context.spec(self.run))
            context.record(self.run, self.attempt).allowed_channels = possible_channels(wanted.spec)
            if wanted.spec.blob_token:
                context.blobs.run_tokens.add(wanted.spec.blob_token)
        if self.stop is not None:
            wanted.stop.CopyFrom(build(pb.Stop, self.stop))
        again = f" {self.times} times" if self.times > 1 else ""
        outdated = " in an outdated message" if self.epoch_offset < 0 or self.revision_offset < 0 else ""
        context.transcript.add("server", f"wants {self.state} of run {self.run}{again}{outdated}")
        for _ in range(self.times):
            context.server.want(
                wanted,
                epoch_offset=self.epoch_offset,
                revision_offset=self.revision_offset,
                lasting=self.lasting and not outdated,
            )


def possible_channels(spec: pb.RunSpec) -> frozenset[str]:
    """The channels in which output of a run may come."""
    command = spec.command
    own = {"stdio"} if command.merge_stderr or command.HasField("pty") else {"stdout", "stderr"}
    return frozenset(own | {file.channel for file in command.watch_files})


class Omit(Step):
    """Send a full Desired that doesn't name these runs any more, nor do those of later sessions."""

    main_field: ClassVar[str] = "omits"
    omits: list[str]

    async def execute(self, context: CaseContext) -> None:
        """Send it."""
        server = context.server
        forgotten = {server.runs.run_id(name) for name in self.omits}
        server.runs.wanted = {key: run for key, run in server.runs.wanted.items() if key[0] not in forgotten}
        context.transcript.add("server", f"sends a full Desired without {', '.join(self.omits)}")
        server.send(pb.Down(desired=server.desired(server.runs.wanted.values(), full=True)))


class Acks(Step):
    """How the server acknowledges from here on.

    `stored`: at once, and everything that was held back too; `withhold`: not at all; `lose`: it believes to have done
    so, and says so in the next session only. `releases`: whether the acknowledgement of a last event lets the worker
    forget the run.
    """

    main_field: ClassVar[str] = "mode"
    mode: Literal["stored", "withhold", "lose"] = "stored"
    releases: bool = True

    async def execute(self, context: CaseContext) -> None:
        """Note it, and send what is due."""
        server = context.server
        server.behaviour.acks = self.mode
        server.behaviour.releases = self.releases
        if self.mode == "stored":
            due = [
                server.ack(record) for record in server.runs.records.values() if record.stored and not record.released
            ]
            server.send(pb.Down(progress=pb.Progress(acks=due)))


class Ack(Step):
    """Acknowledge a run's events up to `through`, whatever the behaviour; `resume_from` asks for what follows again."""

    run: str
    through: int
    attempt: int = 1
    resume_from: int | None = None
    times: int = 1

    async def execute(self, context: CaseContext) -> None:
        """Send it."""
        record = context.record(self.run, self.attempt)
        record.acknowledge(self.through)
        ack = pb.Ack(run_id=record.run_id, attempt=record.attempt, through_event=self.through)
        if self.resume_from is not None:
            ack.resume_from = self.resume_from
        for _ in range(self.times):
            context.server.send(pb.Down(progress=pb.Progress(acks=[ack])))


class Credit(Step):
    """Allow a run's output up to so many bytes since its beginning."""

    run: str
    up_to_bytes: int
    attempt: int = 1

    async def execute(self, context: CaseContext) -> None:
        """Send it."""
        record = context.record(self.run, self.attempt)
        record.credit_until = max(record.credit_until, self.up_to_bytes)
        credit = pb.Credit(run_id=record.run_id, attempt=record.attempt, up_to_bytes=self.up_to_bytes)
        context.server.send(pb.Down(progress=pb.Progress(credits=[credit])))


class LoseEvents(Step):
    """Lose these events of a run, each once, as if they had never come; the server then asks for them again."""

    run: str
    numbers: list[int]
    attempt: int = 1

    async def execute(self, context: CaseContext) -> None:
        """Note it."""
        context.record(self.run, self.attempt).lose.update(self.numbers)
