"""Check out a source by whichever version-control system it is of.

Each attempt is in the ledger, operation by operation. A broken network is tried again after a pause, a damaged clone
is repaired, which may mean made anew; who isn't let in, or asks for what isn't there, is told so at once.
"""

from __future__ import annotations

from collections.abc import Generator

import msgspec

from buildledger.config.steps.checkout import CheckoutStep
from buildledger.events.change import FailureCause
from buildledger.events.operation import Ended, EndReason, Run
from buildledger.events.results import Result
from buildledger.sources.failures import RefusedError
from buildledger.sources.port import (
    Checkout,
    CheckoutProgram,
    CheckoutRequest,
    WorkerCommand,
    WorkerCommandFailedError,
)
from buildledger.sources.systems import SYSTEMS
from buildledger.steps.outcome import result_of, summary_of
from buildledger.steps.program import (
    Conclusion,
    ObtainRevision,
    Operation,
    Program,
    Request,
    StepInputs,
    StepProgram,
    UnusableStepError,
)

PAUSE_SECONDS = (10, 30, 90)
"""Before each further attempt when the network is to blame."""
APPEARANCE_SECONDS = (5, 15, 40)
"""Before each further attempt when the revision was announced and isn't there yet."""
REPAIRS = 3
"""How often a clone is repaired: a stale lock, another one in a submodule, a damaged one."""
SHOWN_CHARACTERS = 12
"""Of a revision, in a summary."""
EXPLANATIONS = {
    FailureCause.AUTH: "not let in",
    FailureCause.NOT_FOUND: "not found",
    FailureCause.NETWORK: "no connection",
    FailureCause.CORRUPT: "damaged clone",
    FailureCause.OTHER: "failed",
}


class TimeLeft:
    """Of the time that a checkout may take: all of its commands, pauses and attempts together."""

    def __init__(self, total_seconds: float | None) -> None:
        self.total_seconds = total_seconds
        self.seconds = total_seconds
        """What is left of it; None: there is no end to it."""

    @property
    def is_over(self) -> bool:
        """Nothing more may be started."""
        return self.seconds is not None and self.seconds <= 0

    def pass_by(self, ended: Ended) -> None:
        """Take off what an operation took; one that was stopped for its time has left none."""
        if self.seconds is not None:
            stopped = ended.reason == EndReason.MAX_TIME
            self.seconds = 0.0 if stopped else round(self.seconds - ended.duration_seconds, 3)


def checkout(step: CheckoutStep, inputs: StepInputs) -> Program:
    """Bring the stamp's revision, or what its branch holds, into the build's directory; say which it was."""
    planned = _plan(step, inputs)
    waits = {FailureCause.NETWORK: list(PAUSE_SECONDS), FailureCause.NOT_FOUND: list(APPEARANCE_SECONDS)}
    repairs, time = REPAIRS, TimeLeft(step.timeout.total_seconds)
    while True:
        try:
            revision = yield from _perform(planned.attempt(), time)
        except WorkerCommandFailedError as failed:
            found = planned.failure(failed)
            cause = None if found is None else found.cause
            if time.is_over:
                return _give_up(planned, failed, time)
            passing = cause is FailureCause.NETWORK or planned.may_come(failed)
            if cause is not None and passing and (pauses := waits.get(cause)):
                interrupted = yield from _wait(planned.pause(pauses.pop(0)), time)
                if interrupted is not None:
                    return _give_up(planned, failed if time.is_over else interrupted, time)
            elif cause is FailureCause.CORRUPT and repairs:
                repairs -= 1
                planned.repair(failed)
            else:
                return _give_up(planned, failed, time)
        else:
            yield ObtainRevision(source=step.source, revision=revision)
            return Conclusion(result=Result.SUCCESS, summary=f"{step.source} at {revision[:SHOWN_CHARACTERS]}")


def _plan(step: CheckoutStep, inputs: StepInputs) -> Checkout:
    stamp = inputs.stamps.get(step.source)
    if stamp is None:
        raise UnusableStepError(f"the build was requested without source {step.source!r}, so it can't be checked out")
    key = inputs.systems.get(step.source, "")
    if (system := SYSTEMS.get(key)) is None:
        raise UnusableStepError(
            f"this server has no version-control system {key!r}, which source {step.source!r} needs"
        )
    request = CheckoutRequest(
        url=stamp.repository,
        branch=stamp.branch,
        revision=stamp.revision or inputs.revisions.get(step.source),
        source=step.source,
        into=step.into,
        method=step.method,
        alone=not inputs.revisions.keys() - {step.source},
        first=inputs.first,
        filter=step.filter,
        depth=step.depth,
        submodules=step.submodules,
        lfs=step.lfs,
        no_output_seconds=step.timeout.no_output_seconds,
    )
    try:
        return system.checkout(request)
    except RefusedError as error:
        raise UnusableStepError(str(error)) from error


def _perform(commands: CheckoutProgram, time: TimeLeft) -> Generator[Request, Ended | None, str]:
    """Have the worker do what a checkout asks for, and give the revision that it got."""
    try:
        wanted = next(commands)
        while True:
            ended = yield from _do(wanted, time)
            wanted = commands.send(ended)
    except StopIteration as stop:
        revision: str = stop.value
        return revision


def _wait(wanted: WorkerCommand, time: TimeLeft) -> Generator[Request, Ended | None, WorkerCommandFailedError | None]:
    """Let the worker wait; gives the failure if it couldn't wait to the end."""
    ended = yield from _do(wanted, time)
    return None if ended.ok else WorkerCommandFailedError(wanted, ended)


def _do(wanted: WorkerCommand, time: TimeLeft) -> Generator[Request, Ended | None, Ended]:
    """Have the worker do one thing in the time that is left."""
    if time.is_over:
        return Ended(reason=EndReason.MAX_TIME)
    spec = wanted.spec
    if isinstance(spec, Run) and time.seconds is not None:
        spec = msgspec.structs.replace(spec, max_seconds=time.seconds)
    ended = yield Operation(label=wanted.label, spec=spec)
    assert ended is not None
    time.pass_by(ended)
    return ended


def _give_up(planned: Checkout, failed: WorkerCommandFailedError, time: TimeLeft) -> Conclusion:
    """No code was built, so nobody's commit is to blame: an exception, except for what the commit itself names."""
    label, spec, ended = failed.command.label, failed.command.spec, failed.ended
    found = planned.failure(failed)
    if time.total_seconds is not None and time.is_over:
        why = f" ({EXPLANATIONS[found.cause]}: {found.detail})" if found and ended.text else ""
        return Conclusion(result=Result.EXCEPTION, summary=f"{label}: not finished after {time.total_seconds:g} s{why}")
    if found is None:
        result = result_of(ended)
        summary = f"{label}: {summary_of(ended, spec)}"
        return Conclusion(result=Result.EXCEPTION if result is Result.FAILURE else result, summary=summary)
    return Conclusion(
        result=Result.FAILURE if planned.blames_commit(failed) else Result.EXCEPTION,
        summary=f"{label}: {EXPLANATIONS[found.cause]}: {found.detail}",
    )


PROGRAM = StepProgram(name="checkout", version=6, start=checkout)
