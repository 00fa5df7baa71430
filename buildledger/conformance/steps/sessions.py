"""Steps about streams: when the worker connects, what it says of itself, how the server receives it."""

from __future__ import annotations

import asyncio
from importlib.resources import files
from typing import Any, ClassVar, Literal

import grpc
from ruamel.yaml import YAML

from buildledger.conformance.matching import mismatches
from buildledger.conformance.plain import build, duration
from buildledger.conformance.quantities import Seconds
from buildledger.conformance.record import AttemptRecord
from buildledger.conformance.stage import CaseFailedError, Stage
from buildledger.conformance.steps.step import PATIENCE_SECONDS, Step
from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb

Method = Literal["Session", "Enroll", "Rotate", "FindMissing", "Status", "Write", "Read", "connect"]


class AwaitSession(Step):
    """Wait until the `number`-th session of the case stands, and compare its Hello.

    `holds` and `omits` name runs that Hello.runs must (not) tell of; `door` is where it must have connected.
    """

    main_field: ClassVar[str] = "number"
    number: int = 1
    hello: dict[str, Any] = {}
    holds: list[str] = []
    omits: list[str] = []
    door: Literal["main", "other"] | None = None
    within: Seconds = PATIENCE_SECONDS

    def try_out(self) -> None:
        """The expectation must fit Hello."""
        mismatches(pb.Hello(), self.hello)

    async def play(self, stage: Stage) -> None:
        """Wait and compare."""
        sessions = stage.server.sessions
        await stage.until(lambda: len(sessions) >= self.number, self.within, f"session {self.number}")
        session = sessions[self.number - 1]
        found = mismatches(session.hello, stage.substituted(self.hello), "Hello")
        held = {run.run_id for run in session.hello.runs}
        found += [f"Hello doesn't tell of run {run}" for run in self.holds if stage.server.run_id(run) not in held]
        found += [f"Hello still tells of run {run}" for run in self.omits if stage.server.run_id(run) in held]
        if self.door is not None and session.door != self.door:
            found.append(f"it connected at door {session.door}, not {self.door}")
        if found:
            raise CaseFailedError(f"session {self.number}: " + "; ".join(found))


class AwaitSessionEnd(Step):
    """Wait until the newest session has ended, whoever ended it."""

    within: Seconds = PATIENCE_SECONDS

    async def play(self, stage: Stage) -> None:
        """Wait."""
        session = stage.session()
        await stage.until(lambda: not session.is_open, self.within, "the end of the session")


class AwaitGoodbye(Step):
    """Wait until the worker has said Goodbye on the newest session, or on the `number`-th."""

    main_field: ClassVar[str] = "number"
    number: int = 0
    within: Seconds = PATIENCE_SECONDS

    async def play(self, stage: Stage) -> None:
        """Wait."""
        session = stage.session() if self.number == 0 else stage.server.sessions[self.number - 1]
        await stage.until(lambda: session.goodbye is not None, self.within, f"Goodbye on session {session.number}")


class AwaitDrainRequest(Step):
    """Wait until the worker has said on the newest session that it wants no more work."""

    within: Seconds = PATIENCE_SECONDS

    async def play(self, stage: Stage) -> None:
        """Wait."""
        session = stage.session()
        await stage.until(lambda: bool(session.drain_requests), self.within, "DrainRequest")


class AwaitHeartbeats(Step):
    """Wait until `count` heartbeats have come on the newest session; `last` is what the last must say."""

    main_field: ClassVar[str] = "count"
    count: int = 1
    last: dict[str, Any] = {}
    within: Seconds = PATIENCE_SECONDS

    def try_out(self) -> None:
        """The expectation must fit a heartbeat."""
        mismatches(pb.Heartbeat(), self.last)

    async def play(self, stage: Stage) -> None:
        """Wait and compare."""
        beats = stage.session().heartbeats
        await stage.until(lambda: len(beats) >= self.count, self.within, f"{self.count} heartbeats")
        found = mismatches(beats[-1], self.last, "Heartbeat")
        if found:
            raise CaseFailedError("; ".join(found))


class RefuseSessions(Step):
    """From here on, refuse sessions: with an Error after Hello, or with a gRPC `status`."""

    error: dict[str, Any] | None = None
    status: str | None = None

    def try_out(self) -> None:
        """Build it."""
        self._refusal()

    async def play(self, stage: Stage) -> None:
        """Note it."""
        stage.server.manners.refusal = self._refusal()

    def _refusal(self) -> pb.Error | grpc.StatusCode:
        if self.status is not None:
            return grpc.StatusCode[self.status]
        return build(pb.Error, self.error or {}, "error")


class AcceptSessions(Step):
    """From here on, accept sessions again."""

    async def play(self, stage: Stage) -> None:
        """Note it."""
        stage.server.manners.refusal = None


class CountCalls(Step):
    """Count how often a method was called in the whole case so far; `during` waits first and counts only that time.

    `method` is Session (refused ones too), Enroll, Rotate, FindMissing, Status, Write, Read, or `connect` for TCP connections.
    """

    method: Method
    at_least: int = 0
    at_most: int | None = None
    during: Seconds = 0.0

    async def play(self, stage: Stage) -> None:
        """Count."""
        before = 0
        if self.during:
            before = calls(stage, self.method)
            await asyncio.sleep(self.during)
        count = calls(stage, self.method) - before
        when = f" in {self.during:g} s" if self.during else ""
        if count < self.at_least:
            raise CaseFailedError(f"{self.method}: {count} calls{when}, fewer than {self.at_least}")
        if self.at_most is not None and count > self.at_most:
            raise CaseFailedError(f"{self.method}: {count} calls{when}, more than {self.at_most}")


class AwaitCalls(Step):
    """Wait until a method was called `count` times in the whole case, or `more` times from here on.

    `from_byte` is where the last of them must begin at least.
    """

    method: Method
    count: int = 1
    more: int | None = None
    from_byte: int = 0
    within: Seconds = PATIENCE_SECONDS

    async def play(self, stage: Stage) -> None:
        """Wait."""
        count = self.count if self.more is None else calls(stage, self.method) + self.more
        await stage.until(lambda: calls(stage, self.method) >= count, self.within, f"{count} calls of {self.method}")
        offset = max((call.offset for call in stage.calls if call.method == self.method), default=0)
        if offset < self.from_byte:
            raise CaseFailedError(f"{self.method} began at byte {offset}, not at {self.from_byte} or later")


def calls(stage: Stage, method: Method) -> int:
    """How often a method was called so far."""
    if method == "connect":
        return sum(door.accepted for door in stage.doors.values())
    if method == "Session":
        return len(stage.server.calls_at)
    return sum(call.method == method for call in stage.calls)


class CheckCredential(Step):
    """The newest session must have been opened with the credential that was issued as the `number`-th; -1 is the newest."""

    main_field: ClassVar[str] = "number"
    number: int = -1

    async def play(self, stage: Stage) -> None:
        """Compare."""
        bearers = stage.enrollment.bearers
        bearer = stage.session().metadata.get("authorization", "").removeprefix("Bearer ")
        position = self.number if self.number < 0 else self.number - 1
        if not bearers or bearer != bearers[position]:
            known = f"credential {bearers.index(bearer) + 1}" if bearer in bearers else "no credential that was issued"
            raise CaseFailedError(f"the session has {known}, not credential {position % max(len(bearers), 1) + 1}")
        if stage.session().hello.worker_id != stage.enrollment.worker_id:
            raise CaseFailedError("Hello.worker_id isn't that of the credential")


class Drain(Step):
    """Send Drain: the worker should connect again, at the other door if `reconnect_to` says so."""

    reconnect_to: Literal["main", "other"] | None = None
    deadline: Seconds | None = None

    async def play(self, stage: Stage) -> None:
        """Send it."""
        drain = pb.Drain()
        if self.reconnect_to is not None:
            drain.reconnect_to = stage.doors[self.reconnect_to].address
        if self.deadline is not None:
            drain.deadline.CopyFrom(duration(self.deadline))
        stage.server.send(pb.Down(drain=drain))


class EndSession(Step):
    """End the stream from the server's side without a word."""

    async def play(self, stage: Stage) -> None:
        """End it."""
        stage.server.send(None)


class Send(Step):
    """Send any message; its fields are those of `Down`."""

    main_field: ClassVar[str] = "message"
    takes_mapping: ClassVar[bool] = True
    message: dict[str, Any]

    def try_out(self) -> None:
        """Build it."""
        build(pb.Down, self.message)

    async def play(self, stage: Stage) -> None:
        """Send it."""
        stage.server.send(build(pb.Down, stage.substituted(self.message)))


class SendBytes(Step):
    """Send a message as recorded bytes, in hexadecimal."""

    main_field: ClassVar[str] = "hex"
    hex: str

    async def play(self, stage: Stage) -> None:
        """Send them."""
        stage.server.send(bytes.fromhex(self.hex))


class Replay(Step):
    """Play a recorded session from `transcripts/`: its messages go out byte by byte, each when its turn has come.

    The worker must do what is asked in it for `run`. The kit adds no message of its own.
    """

    transcript: str
    run: str

    def try_out(self) -> None:
        """It must be there and readable."""
        self._load()

    async def play(self, stage: Stage) -> None:
        """Send one after the other."""
        recorded = self._load()
        record_of_run = self._prepared(stage, recorded["run_id"])
        for message in recorded["messages"]:
            if "after" in message:
                kind = message["after"]
                await stage.until(
                    lambda kind=kind: any(each.kind == kind for each in record_of_run.stored),  # type: ignore[misc]
                    PATIENCE_SECONDS,
                    f"{kind} of run {self.run}",
                )
            stage.transcript.add("server", f"replays: {message['says']}")
            stage.server.send(bytes.fromhex(message["hex"]))

    def _prepared(self, stage: Stage, run_id: str) -> AttemptRecord:
        stage.server.name_run(self.run, run_id)
        stage.server.manners.acks = "withhold"
        record = stage.record(self.run)
        record.highest_fence = 1
        return record

    def _load(self) -> dict[str, Any]:
        path = files("buildledger.conformance") / "cases" / "transcripts" / f"{self.transcript}.yaml"
        recorded: dict[str, Any] = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
        return recorded


class SetTerms(Step):
    """Welcome sessions on other terms from here on; fields of `Welcome`."""

    main_field: ClassVar[str] = "welcome"
    takes_mapping: ClassVar[bool] = True
    welcome: dict[str, Any]

    def try_out(self) -> None:
        """Build them."""
        build(pb.Welcome, self.welcome)

    async def play(self, stage: Stage) -> None:
        """Note them."""
        stage.server.welcome = build(pb.Welcome, {"proto": 1, **self.welcome})


class SetEpoch(Step):
    """Make the next session's epoch differ from what it would be: a negative number is a server that is behind."""

    main_field: ClassVar[str] = "by"
    by: int

    async def play(self, stage: Stage) -> None:
        """Move it."""
        stage.server.epoch += self.by


class AnswerHeartbeats(Step):
    """Whether the server answers heartbeats from here on."""

    main_field: ClassVar[str] = "answered"
    answered: bool

    async def play(self, stage: Stage) -> None:
        """Note it."""
        stage.server.manners.answers_heartbeats = self.answered


class Issue(Step):
    """How the server issues credentials from here on: to be renewed so long after they were issued."""

    renew_after: Seconds

    async def play(self, stage: Stage) -> None:
        """Note it."""
        stage.enrollment.renew_after_seconds = self.renew_after
