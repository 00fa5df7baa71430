"""Change triggers: builds a branch when it has moved and has then been quiet for the settle time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from uuid import UUID

from buildledger.config.evaluation.filter_reason import passes_first_sight
from buildledger.config.globs import matches
from buildledger.config.resolved import ChangeTrigger, Configuration
from buildledger.domain.refusals import Refusal
from buildledger.domain.schedule import settled_at
from buildledger.events.change import BranchMoved
from buildledger.events.fact import Recorded
from buildledger.events.pipeline import PipelineOutcome
from buildledger.events.request import RequestSubmitted, SourceStamp
from buildledger.ledger.errors import LedgerUnavailable
from buildledger.reactors.reactor import CommandBatch
from buildledger.reactors.state.changed_paths import CHANGES_LIMIT
from buildledger.reactors.triggers.failures import TriggerFailures
from buildledger.reactors.triggers.pipelines import AwaitedPipelines
from buildledger.reactors.triggers.request_factory import RequestCause, RequestFactory
from buildledger.reactors.triggers.settling import Settling, joined, moved


class ChangeTriggers:
    """The branches that have moved and aren't built yet, and what they lead to."""

    def __init__(self, factory: RequestFactory, failures: TriggerFailures, awaited: AwaitedPipelines) -> None:
        self._factory = factory
        self._awaited = awaited
        self._failures = failures
        self.settling: dict[tuple[str, str, str], Settling] = {}
        """The branches by trigger, source and branch name."""
        self._by_source: dict[str, list[ChangeTrigger]] = {}
        self._in_flight: dict[tuple[str, str, str], int] = {}
        """How many moves the requests cover that were given to the ledger and aren't facts yet."""

    def configured(self, configuration: Configuration) -> None:
        """Take over the triggers of a configuration."""
        self._awaited.configured(configuration)
        self._by_source = {}
        for trigger in configuration.triggers.values():
            if isinstance(trigger, ChangeTrigger):
                self._by_source.setdefault(trigger.source, []).append(trigger)

    def begin(self, now: datetime) -> None:
        """Let what was seen by a clock ahead of the present time settle from now on."""
        for settling in (*self.settling.values(), *self._awaited.awaiting.values()):
            settling.clock_set(now)

    def moved(self, recorded: Recorded, fact: BranchMoved) -> None:
        """Note a move for every trigger that watches the branch; a branch that was deleted is forgotten."""
        begun = self._awaited.moved(recorded, fact)
        for trigger in self._by_source.get(fact.source, ()):
            key = (trigger.name, fact.source, fact.branch)
            if fact.revision is not None and matches(trigger.branches, fact.branch):
                self.settling[key] = moved(trigger.name, recorded, fact, fact.revision, self.settling.get(key))
        self._begin(begun)
        if fact.revision is None:
            for key in [key for key in self.settling if key[1:] == (fact.source, fact.branch)]:
                del self.settling[key]

    def file_read(self, outcome: PipelineOutcome) -> None:
        """Note what came of a revision's file: the branches that awaited it settle for its triggers."""
        self._begin(self._awaited.read(outcome))

    def _begin(self, begun: Iterable[Settling]) -> None:
        for each in begun:
            key = (each.trigger, each.source, each.branch)
            self.settling[key] = joined(self.settling.get(key), each)

    def submitted(self, fact: RequestSubmitted) -> None:
        """Forget the moves that a request in the ledger covers."""
        for stamp in fact.stamps:
            key = (fact.trigger or "", stamp.source, stamp.branch)
            if (settling := self.settling.get(key)) is not None:
                revisions = [move.revision for move in settling.moves]
                if stamp.revision in revisions:
                    self._drop(key, settling, revisions[::-1].index(stamp.revision))

    def _drop(self, key: tuple[str, str, str], settling: Settling, left: int) -> None:
        """Forget all moves but the `left` last ones."""
        self._in_flight.pop(key, None)
        if left:
            settling.moves, settling.initial = settling.moves[-left:], False
        else:
            del self.settling[key]

    def due(self, now: datetime) -> Iterator[CommandBatch]:
        """The requests for all branches that have been quiet for their settle time."""
        for key, settling in list(self.settling.items()):
            if self._failures.has(settling.trigger):
                continue
            with self._failures.of(settling.trigger):
                if (batch := self._build(key, settling, now)) is not None:
                    yield batch

    def _build(self, key: tuple[str, str, str], settling: Settling, now: datetime) -> CommandBatch | None:
        configuration = self._awaited.configuration(settling)
        trigger = None if configuration is None else configuration.triggers.get(settling.trigger)
        if (
            configuration is None
            or not isinstance(trigger, ChangeTrigger)
            or not self._may_build(configuration, trigger, settling)
        ):
            del self.settling[key]
            return None
        if key in self._in_flight or _settled(trigger, settling) > now:
            return None
        commands = self._factory.requests(configuration, trigger.build, _cause(configuration, settling))
        if not commands:
            del self.settling[key]
            return None
        self._in_flight[key] = len(settling.moves)
        return CommandBatch(commands, _subject(key), settling.causation_id, settling.correlation_id)

    def _may_build(self, configuration: Configuration, trigger: ChangeTrigger, settling: Settling) -> bool:
        """At the first sight of a source, a trigger that names no branches builds the default branch only."""
        if not settling.initial:
            return True
        default_branch = self._factory.default_branch(configuration, settling.source)
        return passes_first_sight(trigger, settling.branch, default_branch)

    def next_at(self) -> datetime | None:
        """When the next branch will have been quiet for its settle time; None if none waits."""
        times = (
            _settled(trigger, settling)
            for key, settling in self.settling.items()
            if key not in self._in_flight
            and not self._failures.has(key[0])
            and (configuration := self._awaited.configuration(settling)) is not None
            and isinstance(trigger := configuration.triggers.get(key[0]), ChangeTrigger)
        )
        return min(times, default=None)

    def refused(self, subject: UUID | str, why: Refusal | LedgerUnavailable) -> None:
        """Request again what a refused batch was to request."""
        self._in_flight = {key: moves for key, moves in self._in_flight.items() if _subject(key) != subject}

    def decided_nothing(self, subject: UUID | str) -> None:
        """Forget the moves that are covered by requests in the ledger."""
        for key, covered in list(self._in_flight.items()):
            if _subject(key) == subject:
                del self._in_flight[key]
                if (settling := self.settling.get(key)) is not None:
                    self._drop(key, settling, max(0, len(settling.moves) - covered))


def _settled(trigger: ChangeTrigger, settling: Settling) -> datetime:
    return settled_at(settling.moves[-1].moved_at, trigger.settle_seconds)


def _subject(key: tuple[str, str, str]) -> str:
    return "\n".join(key)


def _cause(configuration: Configuration, settling: Settling) -> RequestCause:
    newest = settling.moves[-1]
    stamp = SourceStamp(
        source=settling.source,
        repository=configuration.sources[settling.source].url,
        branch=settling.branch,
        revision=newest.revision,
    )
    changes = tuple(dict.fromkeys(change for move in settling.moves for change in move.changes))
    return RequestCause(
        trigger=settling.trigger,
        reason=f"{'first sight of' if settling.initial else 'change on'} {settling.branch}",
        key=(settling.source, settling.branch, newest.revision, newest.position),
        stamps={settling.source: stamp},
        changes=changes[-CHANGES_LIMIT:],
        paths_known=bool(changes) and all(move.complete for move in settling.moves),
    )
