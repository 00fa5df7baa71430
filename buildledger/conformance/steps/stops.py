"""Steps about runs that are stopped."""

from __future__ import annotations

from typing import ClassVar, Literal

from buildledger.conformance.case_context import CaseContext, CaseFailedError
from buildledger.conformance.quantities import Seconds
from buildledger.conformance.record import describe
from buildledger.conformance.steps.step import PATIENCE_SECONDS, Step
from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb


class AwaitStopped(Step):
    """Wait until a run has ended because it was stopped: as CANCEL, or rejected as STOPPED_BEFORE_START.

    What is right when the STOP may have come before the start or after it.
    """

    main_field: ClassVar[str] = "run"
    run: str
    within: Seconds = PATIENCE_SECONDS

    async def execute(self, context: CaseContext) -> None:
        """Wait and compare."""
        record = context.record(self.run)
        await context.until(lambda: record.has_ended, self.within, f"the end of run {record.name}")
        last = record.stored[-1]
        if last.kind == "rejected":
            stopped = last.event.rejected.code == pb.REJECT_CODE_STOPPED_BEFORE_START
        else:
            stopped = last.event.exited.reason == pb.EXIT_REASON_CANCEL
        if not stopped:
            raise CaseFailedError(f"run {record.name} wasn't ended by the STOP, but {describe(last.event)}")


class CheckStops(Step):
    """The Stopping events of a run must have had exactly these levels, in this order."""

    run: str
    levels: list[Literal["INTERRUPT", "TERMINATE", "KILL"]]

    async def execute(self, context: CaseContext) -> None:
        """Compare."""
        events = [each.event.stopping.level for each in context.record(self.run).stored if each.kind == "stopping"]
        came = [pb.StopLevel.Name(level).removeprefix("STOP_LEVEL_") for level in events]
        if came != self.levels:
            raise CaseFailedError(
                f"run {self.run} was stopped by {', '.join(came) or 'nothing'}; expected {', '.join(self.levels)}"
            )
