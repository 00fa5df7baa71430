"""What the file of a repository defines on each branch, and all that it ever defined, from the view `pipelines`."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
import sqlalchemy as sa

from buildledger.api.models import pipelines as models
from buildledger.api.queries import pipelines as answers
from buildledger.api.queries.builder_origin import Place, as_place, place_of
from buildledger.api.queries.readings import Readings
from buildledger.config.fields import spelling
from buildledger.config.pipelines.effective import counts_on
from buildledger.config.resolved import (
    ChangeTrigger,
    Configuration,
    ManualTrigger,
    RepoPipeline,
    SuccessTrigger,
    Trigger,
)
from buildledger.events.ids import change_id
from buildledger.events.pipeline import PipelineProblem
from buildledger.projections import pipelines as tables
from buildledger.projections.columns import moment, optional_moment
from buildledger.projections.reading import Reading
from buildledger.projections.row_buffers import chunks
from buildledger.wording import enumerated

ALL_BRANCHES = ("**",)

_problems = msgspec.json.Decoder(tuple[PipelineProblem, ...])


class Head(NamedTuple):
    """A branch, and what came of its file."""

    outcome: models.PipelineOutcome
    row: sa.Row[Any]

    @property
    def key(self) -> tuple[int, str]:
        """Sorts the branches: the one that moved last first, equal ones by name."""
        return -self.row.moved_at, self.row.branch


def heads_of(reading: Reading, source: str, grant: RepoPipeline) -> list[Head]:
    """All branches of a source, the one that moved last first."""
    head, read = reading.table(tables.head), reading.table(tables.reading)
    of_one_revision = sa.and_(read.c.source == head.c.source, read.c.revision == head.c.revision)
    columns = (read.c.outcome, read.c.path, read.c.pipeline, read.c.read_at)
    query = sa.select(head.c.branch, head.c.revision, head.c.moved_at, *columns)
    query = query.join_from(head, read, of_one_revision, isouter=True).where(head.c.source == source)
    return sorted((Head(_outcome(grant, row), row) for row in reading.all(query)), key=lambda each: each.key)


def _outcome(grant: RepoPipeline, row: sa.Row[Any]) -> models.PipelineOutcome:
    if not counts_on(grant, row.branch):
        return "excluded"
    return "unread" if row.outcome is None else row.outcome


def counted(heads: Iterable[Head]) -> models.PipelineCounts:
    """How many branches there are of each outcome."""
    found: Counter[models.PipelineOutcome] = Counter(each.outcome for each in heads)
    return models.PipelineCounts(
        read=found["read"],
        rejected=found["rejected"],
        missing=found["missing"],
        unread=found["unread"],
        excluded=found["excluded"],
    )


def as_branches(
    readings: Readings, source: str, grant: RepoPipeline, heads: Sequence[Head]
) -> list[models.BranchPipeline]:
    """Branches as they are answered. Needs the view `pipelines`."""
    reading = readings["pipelines"]
    triggers = {
        digest: _triggers(readings.configurations.pipeline(digest))
        for digest in {each.row.pipeline for each in heads if each.outcome == "read"}
    }
    builders = _builders(reading, source, {each.row.pipeline for each in heads if each.outcome == "read"})
    problems = _all_problems(reading, source, {each.row.revision for each in heads if each.outcome == "rejected"})
    return [
        models.BranchPipeline(
            branch=each.row.branch,
            revision=each.row.revision,
            change_id=change_id(source, each.row.revision),
            moved_at=moment(each.row.moved_at),
            read_at=None if each.outcome == "excluded" else optional_moment(each.row.read_at),
            file=_file(grant, each, builders, problems),
            triggers=triggers[each.row.pipeline] if each.outcome == "read" else [],
        )
        for each in heads
    ]


def _triggers(pipeline: Configuration | None) -> list[models.PipelineTrigger]:
    found = () if pipeline is None else pipeline.triggers.values()
    return [
        models.PipelineTrigger(name=trigger.name, text=_awaited(trigger), build=list(trigger.build))
        for trigger in found
    ]


def _awaited(trigger: Trigger) -> str:
    """What a trigger waits for."""
    match trigger:
        case ChangeTrigger():
            where = "any branch" if trigger.branches == ALL_BRANCHES else ", ".join(trigger.branches)
            quiet = f" that has been quiet for {spelling.duration(trigger.settle_seconds)}"
            return f"a push to {where}{quiet if trigger.settle_seconds else ''}"
        case SuccessTrigger():
            return f"the success of {enumerated(trigger.of)}"
        case ManualTrigger():
            return "somebody who asks for it"
        case _:
            return "a set time"


def _file(
    grant: RepoPipeline,
    head: Head,
    builders: Mapping[str, Sequence[str]],
    problems: Mapping[str, Sequence[PipelineProblem]],
) -> models.RevisionPipeline:
    match head.outcome:
        case "excluded":
            return answers.excluded(grant, head.row.branch)
        case "unread":
            return answers.unread(grant.path, is_head=True)
        case "missing":
            return answers.missing(head.row.path)
        case "rejected":
            return answers.rejected(head.row.path, problems[head.row.revision])
        case "read":
            return answers.read(head.row.path, builders[head.row.pipeline])


def _builders(reading: Reading, source: str, digests: set[str]) -> Mapping[str, list[str]]:
    builder, found = reading.table(tables.pipeline_builder), defaultdict[str, list[str]](list)
    for chunk in chunks(digests):
        query = sa.select(builder.c.digest, builder.c.builder)
        query = query.where(builder.c.source == source, builder.c.digest.in_(chunk)).order_by(builder.c.number)
        for row in reading.all(query):
            found[row.digest].append(row.builder)
    return found


def _all_problems(reading: Reading, source: str, revisions: set[str]) -> dict[str, tuple[PipelineProblem, ...]]:
    read, found = reading.table(tables.reading), {}
    for chunk in chunks(revisions):
        query = sa.select(read.c.revision, read.c.problems)
        for row in reading.all(query.where(read.c.source == source, read.c.revision.in_(chunk))):
            found[row.revision] = _problems.decode(row.problems)
    return found


def as_grants(grant: RepoPipeline) -> models.PipelineGrants:
    """Grants as they are answered."""
    return models.PipelineGrants(
        path=grant.path,
        branches=list(grant.branches),
        may_define=list(grant.may_define),
        config_from=grant.config_from,
        secrets=list(grant.secrets),
        locks=list(grant.locks),
        sources=list(grant.sources),
        worker=None if grant.worker is None else grant.worker.source,
        project=grant.project,
        max_builders=grant.max_builders,
        max_steps=grant.max_steps,
    )


def list_defined(reading: Reading, source: str, *, limit: int, after: str | None) -> Sequence[str]:
    """Names of all builders that the file of a source ever defined, by name."""
    builder = reading.table(tables.pipeline_builder)
    query = sa.select(builder.c.builder).distinct().where(builder.c.source == source)
    if after is not None:
        query = query.where(builder.c.builder > after)
    return [row.builder for row in reading.all(query.order_by(builder.c.builder).limit(limit))]


def as_defined(
    reading: Reading, source: str, grant: RepoPipeline | None, names: Sequence[str]
) -> list[models.DefinedBuilder]:
    """Builders as they are answered: on how many branches they are, and where they were seen last."""
    heads = [] if grant is None else heads_of(reading, source, grant)
    on = Counter[str](each.row.pipeline for each in heads if each.outcome == "read")
    builder, pipeline = reading.table(tables.pipeline_builder), reading.table(tables.pipeline)
    of_one = sa.and_(builder.c.source == pipeline.c.source, builder.c.digest == pipeline.c.digest)
    seen = (pipeline.c.branch, pipeline.c.revision, pipeline.c.seen_at.label("at"), pipeline.c.digest)
    branches, last = Counter[str](), dict[str, Place]()
    for chunk in chunks(names):
        query = sa.select(*seen, builder.c.builder).join_from(builder, pipeline, of_one)
        query = query.where(builder.c.source == source, builder.c.builder.in_(chunk))
        for row in reading.all(query.order_by(pipeline.c.since)):
            branches[row.builder] += on[row.digest]
            if row.branch is not None:
                last[row.builder] = place_of(row)
    return [
        models.DefinedBuilder(name=name, branch_count=branches[name], last_seen=as_place(source, last.get(name)))
        for name in names
    ]
