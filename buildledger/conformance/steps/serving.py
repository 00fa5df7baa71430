"""Steps about how the server receives the worker, and what it says apart from what it wants."""

from __future__ import annotations

from importlib.resources import files
from typing import Any, ClassVar, Literal

import grpc
from ruamel.yaml import YAML

from buildledger.conformance.case_context import CaseContext
from buildledger.conformance.message_builder import build, duration
from buildledger.conformance.quantities import Seconds
from buildledger.conformance.record import AttemptRecord
from buildledger.conformance.steps.step import PATIENCE_SECONDS, Step
from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb


class RefuseSessions(Step):
    """From here on, refuse sessions: with an Error after Hello, or with a gRPC `status`."""

    error: dict[str, Any] | None = None
    status: str | None = None

    def try_out(self) -> None:
        """Build it."""
        self._refusal()

    async def execute(self, context: CaseContext) -> None:
        """Note it."""
        context.server.behaviour.refusal = self._refusal()

    def _refusal(self) -> pb.Error | grpc.StatusCode:
        if self.status is not None:
            return grpc.StatusCode[self.status]
        return build(pb.Error, self.error or {}, "error")


class AcceptSessions(Step):
    """From here on, accept sessions again."""

    async def execute(self, context: CaseContext) -> None:
        """Note it."""
        context.server.behaviour.refusal = None


class Drain(Step):
    """Send Drain: the worker should connect again, at the other proxy if `reconnect_to` says so."""

    reconnect_to: Literal["main", "other"] | None = None
    deadline: Seconds | None = None

    async def execute(self, context: CaseContext) -> None:
        """Send it."""
        drain = pb.Drain()
        if self.reconnect_to is not None:
            drain.reconnect_to = context.proxies[self.reconnect_to].address
        if self.deadline is not None:
            drain.deadline.CopyFrom(duration(self.deadline))
        context.server.send(pb.Down(drain=drain))


class EndSession(Step):
    """End the stream from the server's side without a word."""

    async def execute(self, context: CaseContext) -> None:
        """End it."""
        context.server.send(None)


class Send(Step):
    """Send any message; its fields are those of `Down`."""

    main_field: ClassVar[str] = "message"
    takes_mapping: ClassVar[bool] = True
    message: dict[str, Any]

    def try_out(self) -> None:
        """Build it."""
        build(pb.Down, self.message)

    async def execute(self, context: CaseContext) -> None:
        """Send it."""
        context.server.send(build(pb.Down, context.substituted(self.message)))


class SendBytes(Step):
    """Send a message as recorded bytes, in hexadecimal."""

    main_field: ClassVar[str] = "hex"
    hex: str

    async def execute(self, context: CaseContext) -> None:
        """Send them."""
        context.server.send(bytes.fromhex(self.hex))


class Replay(Step):
    """Play a recorded session from `transcripts/`: its messages go out byte by byte, each when its turn has come.

    The worker must do what is asked in it for `run`. The kit adds no message of its own.
    """

    transcript: str
    run: str

    def try_out(self) -> None:
        """It must be there and readable."""
        self._load()

    async def execute(self, context: CaseContext) -> None:
        """Send one after the other."""
        recorded = self._load()
        record_of_run = self._prepared(context, recorded["run_id"])
        for message in recorded["messages"]:
            if "after" in message:
                kind = message["after"]
                await context.until(
                    lambda kind=kind: any(each.kind == kind for each in record_of_run.stored),  # type: ignore[misc]
                    PATIENCE_SECONDS,
                    f"{kind} of run {self.run}",
                )
            context.transcript.add("server", f"replays: {message['says']}")
            context.server.send(bytes.fromhex(message["hex"]))

    def _prepared(self, context: CaseContext, run_id: str) -> AttemptRecord:
        context.server.runs.identify(self.run, run_id)
        context.server.behaviour.acks = "withhold"
        record = context.record(self.run)
        record.highest_fence = 1
        return record

    def _load(self) -> dict[str, Any]:
        path = files("buildledger.conformance") / "cases" / "transcripts" / f"{self.transcript}.yaml"
        recorded: dict[str, Any] = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
        return recorded


class SetEpoch(Step):
    """Make the next session's epoch differ from what it would be: a negative number is a server that is behind."""

    main_field: ClassVar[str] = "by"
    by: int

    async def execute(self, context: CaseContext) -> None:
        """Move it."""
        context.server.epoch += self.by


class AnswerHeartbeats(Step):
    """Whether the server answers heartbeats from here on."""

    main_field: ClassVar[str] = "answered"
    answered: bool

    async def execute(self, context: CaseContext) -> None:
        """Note it."""
        context.server.behaviour.answers_heartbeats = self.answered


class Issue(Step):
    """How the server issues credentials from here on: to be renewed so long after they were issued."""

    renew_after: Seconds

    async def execute(self, context: CaseContext) -> None:
        """Note it."""
        context.enrollment.renew_after_seconds = self.renew_after
