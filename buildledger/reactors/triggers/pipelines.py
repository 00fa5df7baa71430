"""Branches that have moved in repositories with a file of their own: what is built is known once the file was read."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from buildledger.config.globs import matches
from buildledger.config.pipelines.effective import counts_on
from buildledger.config.pipelines.namespace import source_of
from buildledger.config.resolved import ChangeTrigger, Configuration
from buildledger.domain import pipeline as domain
from buildledger.events.change import BranchMoved
from buildledger.events.fact import Recorded
from buildledger.events.ids import revision_pipeline_id
from buildledger.events.pipeline import PipelineOutcome, PipelineRead
from buildledger.ledger.ledger import Ledger
from buildledger.reactors.state.shared import SharedState
from buildledger.reactors.triggers.settling import Settling, moved


class AwaitedPipelines:
    """The branches whose file isn't read yet at the revision where they are."""

    def __init__(self, shared: SharedState, ledger: Ledger) -> None:
        """Looks in the ledger for what was read before a branch moved, which blocks."""
        self._shared = shared
        self._ledger = ledger
        self.awaiting: dict[tuple[str, str], Settling] = {}
        """By source and branch."""
        self._unread: set[tuple[str, str]] = set()
        """Sources and revisions that the ledger was asked for, and has nothing of."""

    def begin(self) -> None:
        """Ask the ledger again for all of them."""
        self._unread.clear()

    def moved(self, recorded: Recorded, fact: BranchMoved) -> None:
        """Note a move; a branch that was deleted is forgotten."""
        key = (fact.source, fact.branch)
        configuration = self._shared.configurations.current
        grant = None if configuration is None else configuration.repo_pipelines.get(fact.source)
        before = self.awaiting.pop(key, None)
        if fact.revision is not None and grant is not None and counts_on(grant, fact.branch):
            self.awaiting[key] = moved("", recorded, fact, fact.revision, before)

    def read(self, outcome: PipelineOutcome) -> None:
        """Note that a file was read."""
        self._unread.discard((outcome.source, outcome.revision))

    def begun(self, configuration: Configuration) -> Iterator[Settling]:
        """The branches that settle for a trigger of their file, now that it was read."""
        for key, settling in list(self.awaiting.items()):
            if settling.source not in configuration.repo_pipelines:
                del self.awaiting[key]
            elif (outcome := self._outcome(settling.source, settling.moves[-1].revision)) is not None:
                del self.awaiting[key]
                if isinstance(outcome, PipelineRead):
                    yield from self._settling(outcome.pipeline, settling)

    def configuration(self, settling: Settling) -> Configuration | None:
        """The configuration in force, with the pipeline that has the trigger."""
        return self._shared.configurations.in_force(settling.pipeline)

    def _outcome(self, source: str, revision: str) -> PipelineOutcome | None:
        if (source, revision) in self._unread:
            return None
        state, _ = self._ledger.load(domain.AGGREGATE, revision_pipeline_id(source, revision))
        if state.outcome is None:
            self._unread.add((source, revision))
        outcome: PipelineOutcome | None = state.outcome
        return outcome

    def _settling(self, pipeline: str, settling: Settling) -> Iterator[Settling]:
        configuration = self._shared.configurations.in_force(pipeline)
        for trigger in () if configuration is None else configuration.triggers.values():
            of_the_file = source_of(trigger.name) == settling.source
            if of_the_file and isinstance(trigger, ChangeTrigger) and matches(trigger.branches, settling.branch):
                yield msgspec.structs.replace(settling, trigger=trigger.name, pipeline=pipeline)
