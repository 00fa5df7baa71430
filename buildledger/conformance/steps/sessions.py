"""Steps about streams: when the worker connects, what it says of itself, how it leaves."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import Field

from buildledger.conformance.case_context import CaseContext, CaseFailedError
from buildledger.conformance.matching import mismatches
from buildledger.conformance.quantities import Seconds
from buildledger.conformance.steps.step import PATIENCE_SECONDS, Step
from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb


class AwaitSession(Step):
    """Wait until the `number`-th session of the case stands, and compare its Hello.

    `holds` and `omits` name runs that Hello.runs must (not) tell of; `proxy` is where it must have connected.
    """

    main_field: ClassVar[str] = "number"
    number: int = 1
    hello: dict[str, Any] = Field(default_factory=dict)
    holds: tuple[str, ...] = ()
    omits: tuple[str, ...] = ()
    proxy: Literal["main", "other"] | None = None
    within: Seconds = PATIENCE_SECONDS

    def try_out(self) -> None:
        """The expectation must fit Hello."""
        mismatches(pb.Hello(), self.hello)

    async def execute(self, context: CaseContext) -> None:
        """Wait and compare."""
        sessions = context.server.sessions
        await context.until(lambda: len(sessions) >= self.number, self.within, f"session {self.number}")
        session = sessions[self.number - 1]
        found = mismatches(session.hello, context.substituted(self.hello), "Hello")
        held = {run.run_id for run in session.hello.runs}
        found += [
            f"Hello doesn't tell of run {run}" for run in self.holds if context.server.runs.run_id(run) not in held
        ]
        found += [f"Hello still tells of run {run}" for run in self.omits if context.server.runs.run_id(run) in held]
        if self.proxy is not None and session.proxy != self.proxy:
            found.append(f"it connected at proxy {session.proxy}, not {self.proxy}")
        if found:
            raise CaseFailedError(f"session {self.number}: " + "; ".join(found))


class AwaitSessionEnd(Step):
    """Wait until the newest session has ended, whoever ended it."""

    within: Seconds = PATIENCE_SECONDS

    async def execute(self, context: CaseContext) -> None:
        """Wait."""
        session = context.session()
        await context.until(lambda: not session.is_open, self.within, "the end of the session")


class AwaitGoodbye(Step):
    """Wait until the worker has said Goodbye on the newest session, or on the `number`-th."""

    main_field: ClassVar[str] = "number"
    number: int = 0
    within: Seconds = PATIENCE_SECONDS

    async def execute(self, context: CaseContext) -> None:
        """Wait."""
        session = context.session() if self.number == 0 else context.server.sessions[self.number - 1]
        await context.until(lambda: session.goodbye is not None, self.within, f"Goodbye on session {session.number}")


class AwaitDrainRequest(Step):
    """Wait until the worker has said on the newest session that it wants no more work."""

    within: Seconds = PATIENCE_SECONDS

    async def execute(self, context: CaseContext) -> None:
        """Wait."""
        session = context.session()
        await context.until(lambda: bool(session.drain_requests), self.within, "DrainRequest")


class AwaitHeartbeats(Step):
    """Wait until `count` heartbeats have come on the newest session; `last` is what the last must say."""

    main_field: ClassVar[str] = "count"
    count: int = 1
    last: dict[str, Any] = Field(default_factory=dict)
    within: Seconds = PATIENCE_SECONDS

    def try_out(self) -> None:
        """The expectation must fit a heartbeat."""
        mismatches(pb.Heartbeat(), self.last)

    async def execute(self, context: CaseContext) -> None:
        """Wait and compare."""
        beats = context.session().heartbeats
        await context.until(lambda: len(beats) >= self.count, self.within, f"{self.count} heartbeats")
        found = mismatches(beats[-1], self.last, "Heartbeat")
        if found:
            raise CaseFailedError("; ".join(found))


class AwaitHeartbeat(Step):
    """Wait until the newest heartbeat of the newest session says so."""

    main_field: ClassVar[str] = "says"
    takes_mapping: ClassVar[bool] = True
    says: dict[str, Any]

    def try_out(self) -> None:
        """The expectation must fit a heartbeat."""
        mismatches(pb.Heartbeat(), self.says)

    async def execute(self, context: CaseContext) -> None:
        """Wait."""
        says = context.substituted(self.says)

        def wrong() -> list[str]:
            beats = context.session().heartbeats
            return mismatches(beats[-1], says, "Heartbeat") if beats else ["there is no heartbeat"]

        try:
            await context.until(lambda: not wrong(), PATIENCE_SECONDS, "a heartbeat that says so")
        except CaseFailedError as error:
            raise CaseFailedError("; ".join([str(error), *wrong()])) from None


class CheckCredential(Step):
    """The newest session must have been opened with the `number`-th credential that was issued; -1 is the newest."""

    main_field: ClassVar[str] = "number"
    number: int = -1

    async def execute(self, context: CaseContext) -> None:
        """Compare."""
        bearers = context.enrollment.bearers
        bearer = context.session().metadata.get("authorization", "").removeprefix("Bearer ")
        position = self.number if self.number < 0 else self.number - 1
        if not bearers or bearer != bearers[position]:
            known = f"credential {bearers.index(bearer) + 1}" if bearer in bearers else "no credential that was issued"
            raise CaseFailedError(f"the session has {known}, not credential {position % max(len(bearers), 1) + 1}")
        if context.session().hello.worker_id != context.enrollment.worker_id:
            raise CaseFailedError("Hello.worker_id isn't that of the credential")
