"""Success triggers: builds after other builders have succeeded for the same source stamps."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from uuid import UUID

import msgspec

from buildledger.config.configurations import AppliedConfigurations
from buildledger.config.evaluation import evaluate
from buildledger.config.evaluation.evaluate import BuildView, Context, EvaluationError
from buildledger.config.evaluation.placement import NO_STAMP
from buildledger.config.resolved import Configuration, SuccessTrigger
from buildledger.domain.refusals import Refusal
from buildledger.domain.request import SubmitRequest
from buildledger.events.ids import BuildId, ChangeId
from buildledger.events.request import RequestSubmitted, SourceStamp
from buildledger.events.results import Result
from buildledger.ledger.errors import LedgerUnavailable
from buildledger.reactors.reactor import CommandBatch
from buildledger.reactors.state.builds import BuildRun
from buildledger.reactors.triggers.failures import TriggerFailures
from buildledger.reactors.triggers.request_factory import RequestCause, RequestFactory

SUCCEEDED = frozenset({Result.SUCCESS, Result.WARNINGS})
INCOMPLETE_LIMIT = 1_000
"""Sets of builders that have succeeded only in part and are remembered; the oldest is forgotten."""

_log = logging.getLogger(__name__)


class Succeeded(msgspec.Struct, frozen=True, kw_only=True):
    """The build by which the last of a trigger's builders has succeeded."""

    trigger: str
    build_id: BuildId
    builder: str
    number: int
    result: str
    stamps: tuple[SourceStamp, ...]
    changes: tuple[ChangeId, ...]
    correlation_id: UUID
    pipeline: str | None = None
    """The digest of the repository's pipeline that has the trigger; None: the configuration has it."""


class SuccessTriggers:
    """What has succeeded so far, and the requests that follow."""

    def __init__(
        self, factory: RequestFactory, failures: TriggerFailures, configurations: AppliedConfigurations
    ) -> None:
        self._factory = factory
        self._configurations = configurations
        self._failures = failures
        self.incomplete: dict[str, list[str]] = {}
        """The builders that have succeeded, by trigger and source stamps."""
        self.complete: dict[str, Succeeded] = {}
        """What has to be requested, by trigger and build."""
        self._by_builder: dict[str, list[SuccessTrigger]] = {}
        self._in_flight: set[str] = set()

    def configured(self, configuration: Configuration) -> None:
        """Take over the triggers of a configuration."""
        self._by_builder = {}
        for trigger in configuration.triggers.values():
            if isinstance(trigger, SuccessTrigger):
                for builder in trigger.of:
                    self._by_builder.setdefault(builder, []).append(trigger)

    def finished(self, run: BuildRun, result: Result) -> bool:
        """Note that a build has ended; gives whether a trigger depends on it."""
        triggers = self._after(run) if result in SUCCEEDED else []
        for trigger in triggers:
            self._succeeded(trigger, run, result)
        return bool(triggers)

    def _after(self, run: BuildRun) -> list[SuccessTrigger]:
        """The triggers that wait for a build's builder: only the file that has the builder can have one."""
        builder, pipeline = run.assigned.builder, run.assigned.pipeline
        if pipeline is None:
            return self._by_builder.get(builder, [])
        configuration = self._configurations.in_force(pipeline)
        triggers = () if configuration is None else configuration.triggers.values()
        return [trigger for trigger in triggers if isinstance(trigger, SuccessTrigger) and builder in trigger.of]

    def _succeeded(self, trigger: SuccessTrigger, run: BuildRun, result: Result) -> None:
        stamps = tuple(
            msgspec.structs.replace(stamp, revision=run.state.revisions.get(stamp.source) or stamp.revision)
            for stamp in run.assigned.stamps
        )
        if len(trigger.of) > 1 and not self._all_succeeded(trigger, run.assigned.builder, stamps):
            return
        self.complete[_key(trigger.name, run.build_id)] = Succeeded(
            trigger=trigger.name,
            build_id=run.build_id,
            builder=run.assigned.builder,
            number=run.number,
            result=result.value,
            stamps=stamps,
            changes=run.assigned.changes,
            correlation_id=run.correlation_id,
            pipeline=run.assigned.pipeline,
        )

    def _all_succeeded(self, trigger: SuccessTrigger, builder: str, stamps: tuple[SourceStamp, ...]) -> bool:
        key = "\n".join([trigger.name, *sorted(f"{stamp.source}\t{stamp.revision}" for stamp in stamps)])
        builders = {*self.incomplete.pop(key, ()), builder}
        if builders >= set(trigger.of):
            return True
        self.incomplete[key] = sorted(builders)
        if len(self.incomplete) > INCOMPLETE_LIMIT:
            del self.incomplete[next(iter(self.incomplete))]
        return False

    def submitted(self, fact: RequestSubmitted) -> None:
        """Forget what has been requested by a request in the ledger."""
        if fact.parent_build is not None and fact.trigger is not None:
            key = _key(fact.trigger, fact.parent_build)
            self.complete.pop(key, None)
            self._in_flight.discard(key)

    def due(self) -> Iterator[CommandBatch]:
        """The requests that follow and haven't been made yet."""
        for key, succeeded in list(self.complete.items()):
            if key in self._in_flight or self._failures.has(succeeded.trigger):
                continue
            with self._failures.of(succeeded.trigger):
                if commands := self._follow(succeeded):
                    self._in_flight.add(key)
                    yield CommandBatch(commands, key, None, succeeded.correlation_id)
                else:
                    del self.complete[key]

    def _follow(self, succeeded: Succeeded) -> tuple[SubmitRequest, ...]:
        configuration = self._configurations.in_force(succeeded.pipeline)
        if configuration is None:
            return ()
        trigger = configuration.triggers.get(succeeded.trigger)
        if not isinstance(trigger, SuccessTrigger) or not _holds(trigger, succeeded, configuration):
            return ()
        cause = RequestCause(
            trigger=trigger.name,
            reason=f"after {succeeded.builder}",
            key=("success", succeeded.build_id),
            stamps={stamp.source: stamp for stamp in succeeded.stamps},
            changes=succeeded.changes,
            parent_build=succeeded.build_id,
        )
        return self._factory.requests(configuration, trigger.build, cause)

    def refused(self, subject: UUID | str, why: Refusal | LedgerUnavailable) -> None:
        """Request again what a refused batch was to request."""
        self._in_flight.discard(str(subject))

    def decided_nothing(self, subject: UUID | str) -> None:
        """Forget what requests in the ledger have requested."""
        key = str(subject)
        if key in self._in_flight:
            self._in_flight.discard(key)
            self.complete.pop(key, None)


def _key(trigger: str, build_id: BuildId) -> str:
    return f"{trigger}\n{build_id}"


def _holds(trigger: SuccessTrigger, succeeded: Succeeded, configuration: Configuration) -> bool:
    stamp = succeeded.stamps[0] if succeeded.stamps else NO_STAMP
    builder = configuration.builders.get(succeeded.builder)
    view = BuildView(
        id=str(succeeded.build_id),
        builder=succeeded.builder,
        number=succeeded.number,
        project=(builder.project if builder else None) or "",
        branch=stamp.branch,
        revision=stamp.revision or "",
        result=succeeded.result,
    )
    try:
        return evaluate.condition(trigger.condition, Context(build=view))
    except EvaluationError as error:
        _log.warning("the condition of trigger %r can't be evaluated, so it builds: %s", trigger.name, error)
        return True
