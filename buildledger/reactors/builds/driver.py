"""Drives one build as far as its facts allow: through its step programs, from step to step, to its end."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Protocol

from buildledger.config.evaluation import evaluate
from buildledger.config.evaluation.evaluate import EvaluationError
from buildledger.config.evaluation.unmet_condition import unmet
from buildledger.config.resolved import Configuration
from buildledger.config.steps.kinds import Step
from buildledger.domain import build_rules
from buildledger.domain.build import (
    BuildCommands,
    FinishStep,
    ObtainRevision,
    RequestOperation,
    RequestStepLocks,
    SetProperty,
    StartStep,
)
from buildledger.domain.command import Command
from buildledger.domain.request import SubmitRequest
from buildledger.events.ids import operation_id
from buildledger.events.results import Result
from buildledger.reactors.builds.completion import finish_after_loss, finish_build
from buildledger.reactors.builds.contexts import EvaluationContexts
from buildledger.reactors.state.builds import BuildRun, evolve
from buildledger.reactors.state.workers import KnownWorker
from buildledger.steps import program, registry, sequence
from buildledger.steps.program import Conclusion, Execution
from buildledger.steps.registry import ProgramChangedError

STOPPED = "stopped on request"
KEPT_BY_STOP = "not run: the build was being stopped"

_log = logging.getLogger(__name__)


class GeneratedBuilds(Protocol):
    """Makes the requests for builds by builders that a step has generated."""

    def of_step(self, run: BuildRun, pipeline: str, builders: Sequence[str]) -> Sequence[SubmitRequest]:
        """Those of the running step of a build; the same ones however often they are asked for."""
        ...


class BuildDriver:
    """The commands that bring one build to where it has to wait for its worker, or to its end.

    It works on a copy of the build, to which it applies its own commands; the real one follows when they are facts.
    """

    def __init__(
        self,
        run: BuildRun,
        configuration: Configuration,
        contexts: EvaluationContexts,
        worker: KnownWorker | None,
        execution: Execution | None,
        requests: GeneratedBuilds,
    ) -> None:
        self.run = run
        self.commands: list[Command] = []
        self.execution = execution
        """The running step's program as far as it has come; None if it has to be started, or replayed."""
        self._configuration = configuration
        self._contexts = contexts
        self._worker = worker
        self._requests = requests
        self._builder = configuration.builders[run.assigned.builder]
        self._progress = self._progress_so_far()

    def advance(self) -> None:
        """Drive the build until it waits for its worker, or is over; collects the commands in `commands`."""
        if self.run.state.step < 0 and self._builder.properties and not self._set_properties():
            return
        while self._continue_step() if self.run.state.step_open else self._next_step():
            pass

    def _progress_so_far(self) -> sequence.Progress:
        progress = sequence.Progress()
        for step, result in zip(self._builder.steps, self.run.results, strict=False):
            progress = sequence.after(progress, step, result)
        return sequence.stopped(progress) if self.run.state.started_after_stop else progress

    def _apply(self, command: BuildCommands) -> None:
        """Apply a command to the copy of the build, and keep it unless it decides nothing."""
        facts = build_rules.decide(self.run.state, command)
        for fact in facts:
            self.run = evolve(self.run, fact)
        if facts:
            self.commands.append(command)

    def _set_properties(self) -> bool:
        """Set the builder's own properties; False if one can't be evaluated, which ends the build."""
        try:
            context = self._contexts.step_inputs(self.run, self._configuration, self._worker, Result.SUCCESS).values
            values = evaluate.properties(self._builder, context)
        except EvaluationError as error:
            self.commands.extend(finish_build(self.run, Result.EXCEPTION, str(error)))
            return False
        for name, value in values.items():
            self._apply(SetProperty(build_id=self.run.build_id, name=name, value=value, origin="builder"))
        return True

    def _next_step(self) -> bool:
        """Start the next step, or end the build; False if the build is over."""
        progress = self._progress
        if self.run.state.stop_requested:
            progress = self._progress = sequence.stopped(progress)
        index = self.run.state.step + 1
        if self.run.state.stopped_again or sequence.is_over(progress, self._builder.steps[index:]):
            self._finish(progress.result)
            return False
        step = self._builder.steps[index]
        known = registry.program_of(step)
        self._apply(
            StartStep(
                build_id=self.run.build_id,
                step=index,
                name=step.name,
                program=known.name,
                program_version=known.version,
            )
        )
        self.execution = None
        return True

    def _counted(self, result: Result) -> Result:
        """A build that is stopped for its builder's timeout hasn't been cancelled by anybody: it fails."""
        return self.run.state.stop_result if result is Result.CANCELLED else result

    def _finish(self, result: Result) -> None:
        result = self._counted(result)
        summary = self._summary(result)
        if result is Result.RETRY:
            self.commands.extend(finish_after_loss(self.run, self._builder.retry, summary))
        else:
            self.commands.extend(finish_build(self.run, result, summary))

    def _summary(self, result: Result) -> str:
        """The name and summary of the first step that made the result what it is; empty if the build succeeded."""
        if result is Result.SUCCESS:
            return ""
        if self.run.state.timed_out:
            return self.run.state.timeout_reason
        for step, ended, summary in zip(self._builder.steps, self.run.results, self.run.summaries, strict=False):
            if sequence.after(sequence.Progress(), step, ended).result is result:
                return f"{step.name}: {summary}" if summary else step.name
        return STOPPED if self.run.state.stop_requested else ""

    def _continue_step(self) -> bool:
        """Drive the running step; False if it waits for its worker, or the build is over."""
        step = self._builder.steps[self.run.state.step]
        try:
            conclusion = self._drive(step)
        except ProgramChangedError as changed:
            if self.run.open_operation is not None:
                return False
            self._end_step(step, Conclusion(result=Result.EXCEPTION, summary=str(changed)))
            self.commands.extend(finish_after_loss(self.run, self._builder.retry, f"{step.name}: {changed}"))
            return False
        if conclusion is None:
            return False
        self._end_step(step, conclusion)
        return True

    def _end_step(self, step: Step, conclusion: Conclusion) -> None:
        by_timeout = conclusion.result is Result.CANCELLED and self.run.state.timeout_reason
        self._apply(
            FinishStep(
                build_id=self.run.build_id,
                step=self.run.state.step,
                result=conclusion.result,
                summary=by_timeout or conclusion.summary,
            )
        )
        self._progress = sequence.after(self._progress, step, conclusion.result)
        self.execution = None

    def _drive(self, step: Step) -> Conclusion | None:
        """Let the step's program go on; None if it waits.

        Raises:
            ProgramChangedError: the step was started by another version of its program.
        """
        try:
            if self.execution is None:
                untouched = self.run.open_operation is None and not self.run.outcomes
                if untouched and (why := self._why_skipped(step)) is not None:
                    return Conclusion(result=Result.SKIPPED, summary=why)
                if step.locks and not self.run.state.locks_taken:
                    return self._wait_for_locks(step)
                self.execution = registry.resume(
                    step, self._inputs(), program=self.run.program, version=self.run.program_version
                )
            return self._answer(step, self.execution)
        except ProgramChangedError:
            raise
        except EvaluationError as error:
            return Conclusion(result=Result.EXCEPTION, summary=str(error))
        except Exception as error:
            # a step program that fails ends its own step, not the server's work
            _log.exception("step %r of build %s failed", step.name, self.run.build_id)
            return Conclusion(result=Result.EXCEPTION, summary=f"step program failed: {error!r}")

    def _wait_for_locks(self, step: Step) -> Conclusion | None:
        """Have the step wait for its locks, which it gets by a fact; its end, if it needn't wait any more."""
        if self._ends_by_stop(step):
            return Conclusion(result=Result.CANCELLED, summary=STOPPED)
        if self._worker is None or self._worker.lost:
            return Conclusion(result=Result.RETRY, summary="the worker was lost")
        locks = {use.lock: use.take for use in step.locks}
        self._apply(RequestStepLocks(build_id=self.run.build_id, step=self.run.state.step, locks=locks))
        return None

    def _ends_by_stop(self, step: Step) -> bool:
        return self.run.state.stopped_again or (self.run.state.stop_requested and not step.always_run)

    def _why_skipped(self, step: Step) -> str | None:
        """Why the step isn't run, for people; None if it is its turn."""
        if not sequence.may_run(self._progress, step):
            return self._why_halted()
        if step.when is None or self._contexts.may_miss_files(step.when, self.run.assigned.changes):
            return None
        failing = unmet(step.when, self._inputs().values)
        return None if failing is None else f"its `when` does not hold: {failing}"

    def _why_halted(self) -> str:
        progress = sequence.Progress()
        for step, result in zip(self._builder.steps, self.run.results, strict=False):
            progress = sequence.after(progress, step, result)
            if progress.halted:
                return _kept_by(step, result)
        return KEPT_BY_STOP

    def _inputs(self) -> program.StepInputs:
        result = self._counted(self._progress.result)
        return self._contexts.step_inputs(self.run, self._configuration, self._worker, result)

    def _answer(self, step: Step, execution: Execution) -> Conclusion | None:
        """Answer the program's requests from the facts until it concludes; None if it waits for its worker."""
        build_id = self.run.build_id
        while (request := execution.request) is not None:
            match request:
                case program.SetProperty(name=name, value=value):
                    self._apply(SetProperty(build_id=build_id, name=name, value=value, origin=step.name))
                    execution.answer(None)
                case program.ObtainRevision(source=source, revision=revision):
                    self._apply(ObtainRevision(build_id=build_id, source=source, revision=revision))
                    execution.answer(None)
                case program.RequestBuilds(pipeline=pipeline, builders=builders):
                    if self._ends_by_stop(step):
                        return Conclusion(result=Result.CANCELLED, summary=STOPPED)
                    self.commands.extend(self._requests.of_step(self.run, pipeline, builders))
                    execution.answer(None)
                case program.Operation(label=label, spec=spec):
                    index = self.run.state.step
                    asked_for = operation_id(build_id, index, execution.operations_asked - 1)
                    if (outcome := self.run.outcomes.get(asked_for)) is not None:
                        execution.answer(outcome)
                    elif asked_for == self.run.open_operation:
                        return None
                    elif self._ends_by_stop(step):
                        return Conclusion(result=Result.CANCELLED, summary=STOPPED)
                    else:
                        self._apply(
                            RequestOperation(
                                build_id=build_id,
                                operation_id=asked_for,
                                step=index,
                                label=label,
                                spec=spec,
                                always_run=step.always_run,
                            )
                        )
                        return None
        return execution.conclusion


def _kept_by(step: Step, result: Result) -> str:
    match result:
        case Result.CANCELLED:
            return KEPT_BY_STOP
        case Result.RETRY:
            return f"not run: the worker was lost during {step.name}"
        case Result.FAILURE:
            return f"not run: {step.name} failed before it"
        case _:
            return f"not run: {step.name} ended as {result.value} before it"
