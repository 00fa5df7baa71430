"""The files in which repositories say themselves what is built, out of the ledger."""

from __future__ import annotations

from collections.abc import Sequence

from buildledger.api.models import pipelines as models
from buildledger.api.queries.readings import Readings
from buildledger.config.pipelines.effective import counts_on
from buildledger.config.pipelines.stored_problems import told
from buildledger.config.resolved import RepoPipeline
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


def as_pipeline(
    grant: RepoPipeline, outcome: PipelineOutcome | None, branches: Sequence[str], *, is_head: bool
) -> models.RevisionPipeline:
    """An outcome as it is answered; `grant` is that of the source, `branches` those that have the revision."""
    if branches and not any(counts_on(grant, branch) for branch in branches):
        return excluded(grant, branches[0])
    match outcome:
        case None:
            return unread(grant.path, is_head=is_head)
        case PipelineMissing():
            return missing(outcome.path)
        case PipelineRejected():
            return rejected(outcome.path, outcome.problems)
        case PipelineRead():
            return read(outcome.path, outcome.builders)


def excluded(grant: RepoPipeline, branch: str) -> models.RevisionPipeline:
    """The file of a branch that doesn't count."""
    counting = ", ".join(grant.branches)
    text = f"{grant.path} counts on other branches than {branch} ('branches' of its repo_pipelines: {counting})"
    return models.RevisionPipeline(path=grant.path, outcome="excluded", text=text, builders=[], problems=[])


def unread(path: str, *, is_head: bool) -> models.RevisionPipeline:
    """A file that nobody has looked at."""
    text = f"{path} of this revision wasn't read{' yet' if is_head else ': only heads of branches are'}"
    return models.RevisionPipeline(path=path, outcome="unread", text=text, builders=[], problems=[])


def missing(path: str) -> models.RevisionPipeline:
    """A revision without the file."""
    text = f"this revision has no {path}"
    return models.RevisionPipeline(path=path, outcome="missing", text=text, builders=[], problems=[])


def rejected(path: str, problems: Sequence[PipelineProblem]) -> models.RevisionPipeline:
    """A file that is refused."""
    said = [as_problem(path, problem) for problem in problems]
    text = f"{path} of this revision is refused, so nothing is built by it"
    return models.RevisionPipeline(path=path, outcome="rejected", text=text, builders=[], problems=said)


def read(path: str, builders: Sequence[str]) -> models.RevisionPipeline:
    """A file that is built by."""
    nothing = "" if builders else ", so nothing is built by it"
    text = f"{path} of this revision defines {plural(len(builders), 'builder')}{nothing}"
    return models.RevisionPipeline(path=path, outcome="read", text=text, builders=list(builders), problems=[])


def as_problem(path: str, problem: PipelineProblem) -> models.PipelineProblem:
    """A stored problem of the text `path` as it is answered."""
    return models.PipelineProblem(
        line=problem.line, column=problem.column, code=problem.code, severity=problem.severity, text=told(path, problem)
    )
