"""Steps about what happens in a run."""

from __future__ import annotations

from itertools import groupby
from typing import Any, ClassVar, Literal

from pydantic import Field

from buildledger.conformance.case_context import CaseContext, CaseFailedError, without_references
from buildledger.conformance.matching import mismatches
from buildledger.conformance.quantities import Seconds
from buildledger.conformance.record import AttemptRecord, Stored, describe
from buildledger.conformance.steps.step import PATIENCE_SECONDS, Step
from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb

Kind = Literal["accepted", "rejected", "started", "output", "gap", "file_result", "stopping", "exited"]
_MESSAGES = {
    "accepted": pb.Accepted,
    "rejected": pb.Rejected,
    "started": pb.Started,
    "output": pb.Output,
    "gap": pb.Gap,
    "file_result": pb.FileResult,
    "stopping": pb.Stopping,
    "exited": pb.Exited,
}


def check_fields(stored: Stored, fields: dict[str, Any], what: str) -> None:
    """Compare an event with what is expected of it.

    Raises:
        CaseFailedError: it is otherwise.
    """
    found = mismatches(getattr(stored.event, stored.kind), fields, stored.kind)
    if found:
        raise CaseFailedError(f"{what}: " + "; ".join(found))


class AwaitEvent(Step):
    """Wait for the `nth` event of a kind in a run, and compare its fields."""

    run: str
    kind: Kind
    nth: int = 1
    attempt: int = 1
    fields: dict[str, Any] = Field(default_factory=dict)
    within: Seconds = PATIENCE_SECONDS

    def try_out(self) -> None:
        """The expectation must fit the event."""
        mismatches(_MESSAGES[self.kind](), without_references(self.fields))

    async def execute(self, context: CaseContext) -> None:
        """Wait and compare."""
        record = context.record(self.run, self.attempt)

        def of_kind() -> list[Stored]:
            return [each for each in record.stored if each.kind == self.kind]

        what = f"{self.kind} of run {record.name}"
        await context.until(lambda: len(of_kind()) >= self.nth or record.has_ended, self.within, what)
        if len(of_kind()) < self.nth:
            raise CaseFailedError(f"{what} never came: its last event is {describe(record.stored[-1].event)}")
        check_fields(of_kind()[self.nth - 1], context.substituted(self.fields), f"run {record.name}")


class AwaitExit(Step):
    """Wait for a run's Exited event and compare its fields; that it was rejected is a failure."""

    main_field: ClassVar[str] = "run"
    run: str
    attempt: int = 1
    fields: dict[str, Any] = Field(default_factory=dict)
    within: Seconds = PATIENCE_SECONDS

    def try_out(self) -> None:
        """The expectation must fit the event."""
        mismatches(pb.Exited(), self.fields)

    async def execute(self, context: CaseContext) -> None:
        """Wait and compare."""
        last = await _end(context, context.record(self.run, self.attempt), self.within)
        if last.kind != "exited":
            raise CaseFailedError(f"run {self.run} was {describe(last.event)}")
        check_fields(last, context.substituted(self.fields), f"run {self.run}")


class AwaitRejection(Step):
    """Wait until a run is rejected, with one of these codes; that it was accepted is a failure."""

    run: str
    code: str | list[str]
    attempt: int = 1
    within: Seconds = PATIENCE_SECONDS

    def try_out(self) -> None:
        """The codes must exist."""
        mismatches(pb.Rejected(), self._fields())

    async def execute(self, context: CaseContext) -> None:
        """Wait and compare."""
        last = await _end(context, context.record(self.run, self.attempt), self.within)
        if last.kind != "rejected":
            raise CaseFailedError(f"run {self.run} wasn't rejected, but {describe(last.event)}")
        check_fields(last, self._fields(), f"run {self.run}")

    def _fields(self) -> dict[str, Any]:
        return {"code": {"one_of": [self.code] if isinstance(self.code, str) else self.code}}


class AwaitRefusal(Step):
    """Wait until a run was refused because a path escapes: rejected, or failed with PATH_ESCAPES."""

    main_field: ClassVar[str] = "run"
    run: str
    within: Seconds = PATIENCE_SECONDS

    async def execute(self, context: CaseContext) -> None:
        """Wait and compare."""
        record = context.record(self.run)
        last = await _end(context, record, self.within)
        if last.kind == "rejected":
            check_fields(last, {"code": {"one_of": ["PATH_ESCAPES", "INVALID_SPEC"]}}, f"run {self.run}")
            return
        check_fields(last, {"reason": "FILE_FAILED"}, f"run {self.run}")
        results = [each for each in record.stored if each.kind == "file_result"]
        if not results:
            raise CaseFailedError(f"run {self.run} failed without saying how")
        check_fields(results[-1], {"error": {"code": "PATH_ESCAPES"}}, f"run {self.run}")


class AwaitFailure(Step):
    """Wait until a run has ended in another way than by success: rejected, failed, or with a code that isn't 0."""

    main_field: ClassVar[str] = "run"
    run: str
    within: Seconds = PATIENCE_SECONDS

    async def execute(self, context: CaseContext) -> None:
        """Wait and compare."""
        last = await _end(context, context.record(self.run), self.within)
        exited = last.event.exited
        if last.kind == "exited" and exited.reason == pb.EXIT_REASON_COMPLETED and exited.code == 0:
            raise CaseFailedError(f"run {self.run} succeeded, but shouldn't")


async def _end(context: CaseContext, record: AttemptRecord, within: float) -> Stored:
    await context.until(lambda: record.has_ended, within, f"the end of run {record.name}")
    return record.stored[-1]


class CheckEvents(Step):
    """The events of a run so far must be of exactly these kinds, in this order; any number of outputs is one `output`.

    `optional` kinds may be missing or there. `outputs` of several channels count as one.
    """

    run: str
    kinds: list[Kind]
    optional: tuple[Kind, ...] = ()
    attempt: int = 1

    async def execute(self, context: CaseContext) -> None:
        """Compare."""
        record = context.record(self.run, self.attempt)
        came = [kind for kind, _ in groupby(each.kind for each in record.stored if each.kind not in self.optional)]
        wanted = [kind for kind in self.kinds if kind not in self.optional]
        if came != wanted:
            raise CaseFailedError(
                f"run {record.name}: the events were {', '.join(came) or 'none'}; expected {', '.join(wanted)}"
            )


class CheckSurvived(Step):
    """After the worker was killed, either the run was taken up again and completed, or it was interrupted.

    The texts are what standard output must hold in either case; after an interruption there may be more of `completed`.
    """

    run: str
    interrupted: str
    completed: str
    code: int

    async def execute(self, context: CaseContext) -> None:
        """Compare."""
        record = context.record(self.run)
        text = bytes(record.channel("stdout").kept).decode()
        exited = record.stored[-1].event.exited
        if exited.reason == pb.EXIT_REASON_COMPLETED:
            if (text, exited.code) != (self.completed, self.code):
                raise CaseFailedError(f"run {self.run} is said to have completed, with {text!r} and code {exited.code}")
        elif not (text.startswith(self.interrupted) and self.completed.startswith(text)):
            raise CaseFailedError(f"run {self.run} was interrupted, with {text!r} instead of {self.interrupted!r}")


class CheckNothing(Step):
    """No event of this kind (or of any kind) of the run may have come so far."""

    main_field: ClassVar[str] = "run"
    run: str
    kind: Kind | None = None
    attempt: int = 1

    async def execute(self, context: CaseContext) -> None:
        """Look."""
        context.check_violations()
        record = context.record(self.run, self.attempt)
        for each in record.stored:
            if self.kind in (None, each.kind):
                raise CaseFailedError(f"run {record.name}: {describe(each.event)} came, but shouldn't")
