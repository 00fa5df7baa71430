"""The files in which repositories say themselves what is built, out of the ledger."""

from __future__ import annotations

from typing import Literal

from buildledger.api.models import pipelines as models
from buildledger.api.queries.readings import Readings
from buildledger.api.queries.sources import default_branch_of, heads_of
from buildledger.config.pipelines.namespace import source_of
from buildledger.config.pipelines.stored_problems import told
from buildledger.config.resolved import Configuration, RepoPipeline
from buildledger.events.catalogue import stored_names
from buildledger.events.ids import revision_pipeline_id
from buildledger.events.pipeline import (
    PipelineMissing,
    PipelineOutcome,
    PipelineProblem,
    PipelineRead,
    PipelineRejected,
)
from buildledger.ledger.ledger import Ledger
from buildledger.ledger.store import FactQuery
from buildledger.wording import plural

OUTCOMES = stored_names(PipelineRead, PipelineRejected, PipelineMissing)


def outcome_at(readings: Readings, source: str, revision: str) -> PipelineOutcome | None:
    """What came of the file of a revision, as of the reading's position; None: nobody has looked."""
    return newest_outcome(readings.deps.ledger, source, revision, last=readings.position)


def newest_outcome(ledger: Ledger, source: str, revision: str, *, last: int | None = None) -> PipelineOutcome | None:
    """The same, as of any position."""
    stream = revision_pipeline_id(source, revision)
    for recorded in ledger.select(FactQuery(stream_id=stream, names=OUTCOMES, last=last, descending=True), 1):
        assert isinstance(recorded.fact, PipelineOutcome)
        return recorded.fact
    return None


def with_pipeline(readings: Readings, configuration: Configuration | None, name: str) -> Configuration | None:
    """The configuration with what a repository defines on its default branch, if a builder has the name of its source.

    Needs the view `changes`.
    """
    source = source_of(name)
    if configuration is None or source is None or source not in configuration.repo_pipelines:
        return configuration
    changes = readings["changes"]
    head = heads_of(changes, source).get(default_branch_of(changes, source))
    outcome = None if head is None else outcome_at(readings, source, head)
    if not isinstance(outcome, PipelineRead):
        return configuration
    return readings.configurations.allowed(configuration, outcome.pipeline)


def as_pipeline(grant: RepoPipeline, outcome: PipelineOutcome | None) -> models.RevisionPipeline:
    """An outcome as it is answered; `grant` is that of the source."""
    path = grant.path if outcome is None else outcome.path
    builders: list[str] = []
    problems: list[models.PipelineProblem] = []
    kind: Literal["read", "rejected", "missing", "unread"]
    match outcome:
        case None:
            kind, text = "unread", f"{path} of this revision wasn't read: only heads of branches are"
        case PipelineMissing():
            kind, text = "missing", f"this revision has no {path}"
        case PipelineRejected():
            problems = [as_problem(path, problem) for problem in outcome.problems]
            kind, text = "rejected", f"{path} of this revision is refused, so nothing is built by it"
        case PipelineRead():
            builders = list(outcome.builders)
            kind, text = "read", f"{path} of this revision defines {plural(len(builders), 'builder')}"
    return models.RevisionPipeline(path=path, outcome=kind, text=text, builders=builders, problems=problems)


def as_problem(path: str, problem: PipelineProblem) -> models.PipelineProblem:
    """A stored problem of the text `path` as it is answered."""
    return models.PipelineProblem(
        line=problem.line, column=problem.column, code=problem.code, severity=problem.severity, text=told(path, problem)
    )
