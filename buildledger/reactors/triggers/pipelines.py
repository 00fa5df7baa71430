"""Branches that have moved in repositories with a file of their own: what is built is known once the file was read.

What begins to settle, and when, follows from the facts alone, in their order: a server that is started again comes to
the same, whatever was requested or read meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from buildledger.config.globs import matches
from buildledger.config.pipelines.effective import counts_on
from buildledger.config.pipelines.namespace import source_of
from buildledger.config.resolved import ChangeTrigger, Configuration
from buildledger.events.catalogue import stored_names
from buildledger.events.change import BranchMoved
from buildledger.events.fact import Recorded
from buildledger.events.ids import revision_pipeline_id
from buildledger.events.pipeline import PipelineMissing, PipelineOutcome, PipelineRead, PipelineRejected
from buildledger.ledger.ledger import Ledger
from buildledger.ledger.store import FactQuery
from buildledger.reactors.state.shared import SharedState
from buildledger.reactors.triggers.settling import Settling, moved

_OUTCOMES = stored_names(PipelineRead, PipelineRejected, PipelineMissing)


class AwaitedPipelines:
    """The branches whose file isn't read yet at the revision where they are."""

    def __init__(self, shared: SharedState, ledger: Ledger) -> None:
        """Looks in the ledger for what was read before a branch moved, which blocks."""
        self._shared = shared
        self._ledger = ledger
        self.awaiting: dict[tuple[str, str], Settling] = {}
        """By source and branch."""

    def configured(self, configuration: Configuration) -> None:
        """Forget the branches of repositories that may define nothing any more."""
        for key in [key for key in self.awaiting if key[0] not in configuration.repo_pipelines]:
            del self.awaiting[key]

    def moved(self, recorded: Recorded, fact: BranchMoved) -> list[Settling]:
        """The branch, once for each trigger of its file, if that was read before; else it is awaited.

        One that was deleted is forgotten. Whatever this raises, it has changed nothing.
        """
        key = (fact.source, fact.branch)
        configuration = self._shared.configurations.current
        grant = None if configuration is None else configuration.repo_pipelines.get(fact.source)
        if fact.revision is None or grant is None or not counts_on(grant, fact.branch):
            self.awaiting.pop(key, None)
            return []
        settling = moved("", recorded, fact, fact.revision, self.awaiting.get(key))
        outcome = self._outcome(fact.source, fact.revision, recorded.position)
        begun = list(self._begun(outcome, settling))
        if outcome is None:
            self.awaiting[key] = settling
        else:
            self.awaiting.pop(key, None)
        return begun

    def read(self, outcome: PipelineOutcome) -> list[Settling]:
        """The branches that awaited this, once for each trigger of the file. What it raises has changed nothing."""
        keys = [
            key
            for key, settling in self.awaiting.items()
            if settling.source == outcome.source and settling.moves[-1].revision == outcome.revision
        ]
        begun = [each for key in keys for each in self._begun(outcome, self.awaiting[key])]
        for key in keys:
            del self.awaiting[key]
        return begun

    def configuration(self, settling: Settling) -> Configuration | None:
        """The configuration in force, with the pipeline that has the trigger."""
        return self._shared.configurations.in_force(settling.pipeline)

    def _outcome(self, source: str, revision: str, last: int) -> PipelineOutcome | None:
        """What was known of a revision's file at a position of the ledger."""
        stream = revision_pipeline_id(source, revision)
        for recorded in self._ledger.select(
            FactQuery(stream_id=stream, names=_OUTCOMES, last=last, descending=True), 1
        ):
            assert isinstance(recorded.fact, PipelineOutcome)
            return recorded.fact
        return None

    def _begun(self, outcome: PipelineOutcome | None, settling: Settling) -> Iterator[Settling]:
        if not isinstance(outcome, PipelineRead):
            return
        configuration = self._shared.configurations.in_force(outcome.pipeline)
        for trigger in () if configuration is None else configuration.triggers.values():
            of_the_file = source_of(trigger.name) == settling.source
            if of_the_file and isinstance(trigger, ChangeTrigger) and matches(trigger.branches, settling.branch):
                yield msgspec.structs.replace(settling, trigger=trigger.name, pipeline=outcome.pipeline)
