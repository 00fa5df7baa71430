"""Requests builds for triggers: after changes, at set times, and after other builds have succeeded."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

import msgspec

from buildledger.config.resolved import Configuration
from buildledger.domain.refusals import Refusal
from buildledger.events.build import BuildFinished
from buildledger.events.change import BranchMoved, DefaultBranchChanged
from buildledger.events.config import ConfigApplied
from buildledger.events.fact import Fact, Recorded
from buildledger.events.pipeline import PipelineMissing, PipelineOutcome, PipelineRead, PipelineRejected
from buildledger.events.request import RequestSubmitted
from buildledger.ledger.errors import LedgerUnavailable
from buildledger.ledger.ledger import Ledger
from buildledger.reactors.builds.contexts import EvaluationContexts
from buildledger.reactors.reactor import CommandBatch, Fold
from buildledger.reactors.state.shared import SharedState
from buildledger.reactors.triggers.change import ChangeTriggers
from buildledger.reactors.triggers.cron import CronTriggers, Timetable
from buildledger.reactors.triggers.failures import TriggerFailures
from buildledger.reactors.triggers.pipelines import AwaitedPipelines
from buildledger.reactors.triggers.request_factory import RequestFactory
from buildledger.reactors.triggers.settling import Settling
from buildledger.reactors.triggers.success import Succeeded, SuccessTriggers

_log = logging.getLogger(__name__)


class TriggeringMemory(msgspec.Struct, kw_only=True):
    """The state of all triggers, for a checkpoint."""

    heads: dict[str, dict[str, str]]
    default_branches: dict[str, str]
    polled: set[str]
    settling: list[Settling]
    awaiting: list[Settling] = []
    timetables: dict[str, Timetable]
    incomplete: dict[str, list[str]]
    complete: dict[str, Succeeded]


class Triggering:
    """Joins the kinds of triggers. Remembers only what is still to be requested: what was, is in the ledger."""

    name = "triggering"

    def __init__(self, shared: SharedState, contexts: EvaluationContexts, ledger: Ledger) -> None:
        self._shared = shared
        self._factory = RequestFactory(contexts)
        self._failures = TriggerFailures()
        self._awaited = AwaitedPipelines(shared, ledger)
        self._changes = ChangeTriggers(self._factory, self._failures, self._awaited)
        self._crons = CronTriggers(self._factory, self._failures)
        self._successes = SuccessTriggers(self._factory, self._failures, shared.configurations)
        self._pending = True

    def folds(self) -> Mapping[type[Fact], Fold]:
        """See `Reactor`."""
        return {
            ConfigApplied: self._configured,
            BranchMoved: self._moved,
            DefaultBranchChanged: self._default_branch_changed,
            PipelineRead: self._pipeline_read,
            PipelineRejected: self._pipeline_read,
            PipelineMissing: self._pipeline_read,
            RequestSubmitted: self._submitted,
            BuildFinished: self._finished,
        }

    def begin(self, now: datetime) -> None:
        """See `Reactor`."""
        self._pending = True
        self._changes.begin(now)
        self._crons.begin(now)

    def react(self, now: datetime) -> list[CommandBatch]:
        """See `Reactor`."""
        configuration = self._shared.configurations.current
        if configuration is None:
            return []
        due = self.next_at()
        if not self._pending and (due is None or due > now):
            return []
        self._pending = False
        due_batches = (
            *self._changes.due(now),
            *self._crons.due(configuration, now),
            *self._successes.due(),
        )
        required = self._shared.under_this_configuration()
        return [batch._replace(commands=(*batch.commands, *required)) for batch in due_batches]

    def refused(self, subject: UUID | str, why: Refusal | LedgerUnavailable) -> None:
        """See `Reactor`."""
        self._pending = True
        self._changes.refused(subject, why)
        self._crons.refused(subject, why)
        self._successes.refused(subject, why)

    def decided_nothing(self, subject: UUID | str) -> None:
        """See `Reactor`."""
        self._pending = True
        self._changes.decided_nothing(subject)
        self._crons.decided_nothing(subject)
        self._successes.decided_nothing(subject)

    def default_branch(self, configuration: Configuration, source: str) -> str:
        """The branch of a configured source that is built when none is named."""
        return self._factory.default_branch(configuration, source)

    @property
    def failures(self) -> Mapping[str, str]:
        """The triggers that have stopped, each for itself, and why."""
        return self._failures.reasons

    def next_at(self) -> datetime | None:
        """See `Reactor`: when a settle time is over, or a cron trigger is due."""
        configuration = self._shared.configurations.current
        if configuration is None:
            return None
        times = (self._changes.next_at(), self._crons.next_at())
        return min((at for at in times if at is not None), default=None)

    def snapshot(self) -> bytes:
        """The present state, for a checkpoint."""
        memory = TriggeringMemory(
            heads=self._factory.heads,
            default_branches=self._factory.default_branches,
            polled=self._factory.polled,
            settling=list(self._changes.settling.values()),
            awaiting=list(self._awaited.awaiting.values()),
            timetables=self._crons.timetables,
            incomplete=self._successes.incomplete,
            complete=self._successes.complete,
        )
        return msgspec.msgpack.encode(memory)

    def restore(self, state: bytes) -> None:
        """Take over the content of a checkpoint; the shared state has to be restored before."""
        memory = msgspec.msgpack.decode(state, type=TriggeringMemory)
        self._factory.heads = memory.heads
        self._factory.default_branches = memory.default_branches
        self._factory.polled = memory.polled
        self._changes.settling = {(each.trigger, each.source, each.branch): each for each in memory.settling}
        self._awaited.awaiting = {(each.source, each.branch): each for each in memory.awaiting}
        self._crons.timetables = memory.timetables
        self._successes.incomplete = memory.incomplete
        self._successes.complete = memory.complete
        if (configuration := self._shared.configurations.current) is not None:
            self._changes.configured(configuration)
            self._successes.configured(configuration)

    def _configured(self, recorded: Recorded, fact: ConfigApplied) -> None:
        self._pending = True
        self._failures.clear()
        if (configuration := self._shared.configurations.current) is None:
            _log.warning("triggers pass over a configuration: %s", self._shared.configurations.unreadable)
            return
        self._factory.configured(configuration)
        self._changes.configured(configuration)
        self._crons.configured(configuration, recorded.meta.recorded_at)
        self._successes.configured(configuration)

    def _moved(self, recorded: Recorded, fact: BranchMoved) -> None:
        self._pending = True
        self._factory.moved(fact)
        self._changes.moved(recorded, fact)

    def _pipeline_read(self, recorded: Recorded, fact: PipelineOutcome) -> None:
        self._pending = True
        self._changes.file_read(fact)

    def _default_branch_changed(self, recorded: Recorded, fact: DefaultBranchChanged) -> None:
        self._factory.default_branch_changed(fact)

    def _submitted(self, recorded: Recorded, fact: RequestSubmitted) -> None:
        if fact.trigger is not None:
            self._changes.submitted(fact)
            self._crons.submitted(recorded, fact)
            self._successes.submitted(fact)

    def _finished(self, recorded: Recorded, fact: BuildFinished) -> None:
        if self._shared.ended is not None and self._successes.finished(self._shared.ended, fact.result):
            self._pending = True
