"""Steps about the clocks of the worker, as its events show them."""

from __future__ import annotations

from pydantic import ConfigDict, Field

from buildledger.conformance.case_context import CaseContext, CaseFailedError
from buildledger.conformance.quantities import Seconds
from buildledger.conformance.steps.events import Kind
from buildledger.conformance.steps.step import Step


class CheckInterval(Step):
    """The worker's monotonic clock must have gone on so much between two events of a run, each the first of its kind.

    Of a worker that tells no times, it is the time between their arrivals.
    `at_most` bears with a slow machine (`--patience`); `less_than` doesn't: beyond it, another limit than the one that
    was asked for has been kept.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)
    run: str
    first: Kind = Field(alias="from")
    last: Kind = Field(alias="to")
    at_least: Seconds = 0.0
    at_most: Seconds | None = None
    less_than: Seconds | None = None

    async def execute(self, context: CaseContext) -> None:
        """Compare."""
        events = {each.kind: each for each in reversed(context.record(self.run).stored)}
        first, last = events[self.first], events[self.last]
        passed = last.at - first.at
        if first.event.HasField("monotonic"):
            passed = (last.event.monotonic.ToNanoseconds() - first.event.monotonic.ToNanoseconds()) / 1e9
        too_long = self.at_most is not None and passed > self.at_most * context.patience
        too_long = too_long or (self.less_than is not None and passed >= self.less_than)
        if passed < self.at_least or too_long:
            raise CaseFailedError(f"run {self.run}: {passed:.2f} s passed from {self.first} to {self.last}")


class CheckClock(Step):
    """The wall clock must have jumped by so much between a run's first event and its last, the monotonic must not."""

    run: str
    ahead: Seconds

    async def execute(self, context: CaseContext) -> None:
        """Compare."""
        events = [each.event for each in context.record(self.run).stored]
        wall = events[-1].wall.seconds - events[0].wall.seconds
        monotonic = events[-1].monotonic.seconds - events[0].monotonic.seconds
        if abs(monotonic) > abs(self.ahead) / 2:
            raise CaseFailedError(
                f"run {self.run}: the monotonic clock went on by {monotonic} s when only the wall clock was moved"
            )
        if abs(wall - self.ahead) > abs(self.ahead) / 2:
            raise CaseFailedError(
                f"run {self.run}: the wall clock went on by {wall} s, although it was moved by {self.ahead:g} s"
            )
