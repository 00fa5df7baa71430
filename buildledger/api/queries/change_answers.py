"""Why a change was built, or not, worked out from the facts and the configuration that was in force."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
import sqlalchemy as sa

from buildledger.api.models import changes as models
from buildledger.api.models.pipelines import RevisionPipeline
from buildledger.api.queries.locks import LockSituation
from buildledger.api.queries.pipelines import as_pipeline, outcome_at
from buildledger.api.queries.readings import Readings
from buildledger.api.queries.sources import heads_of
from buildledger.api.queries.success_answers import RequestedBuild, SuccessAnswers, concerned, requested
from buildledger.config.evaluation.filter_reason import FilterReason, Seen, why_filtered
from buildledger.config.resolved import ChangeTrigger, Configuration, RepoPipeline, Source
from buildledger.domain.schedule import default_branch
from buildledger.events.change import BranchMoved, FileChange
from buildledger.events.fact import Recorded
from buildledger.events.ids import source_id
from buildledger.events.pipeline import PipelineOutcome, PipelineRead
from buildledger.events.request import SourceStamp
from buildledger.ledger.store import FactQuery
from buildledger.projections import queue_tables, status_tables
from buildledger.projections.changes import source as source_table
from buildledger.projections.revisions import revision as revision_table

MOVES_LOOKED_AT = 500
"""Moves of the source's branches after the change; a commit is recorded just before its branch moves."""
REQUESTS_LOOKED_AT = 200

_files = msgspec.json.Decoder(list[FileChange])


class _Move(NamedTuple):
    """A move by which the change came to a branch."""

    fact: BranchMoved
    recorded: Recorded


class ChangeAnswers:
    """Answers for one change, of a row of the table of changes."""

    def __init__(self, readings: Readings, row: sa.Row[Any]) -> None:
        self._readings = readings
        self._row = row
        self._locks = LockSituation(readings)

    def answer(self) -> models.ChangeAnswers:
        """An answer for each trigger and builder."""
        row = self._row
        revision, configuration = self._in_force()
        requests = [requested(request) for request in self._requests()]
        answers = [self._requested(each) for each in requests if each.row.trigger is not None]
        grant = None if configuration is None else configuration.repo_pipelines.get(row.source)
        outcome = None if grant is None else outcome_at(self._readings, row.source, row.revision)
        pipeline = None if grant is None else self._pipeline(grant, outcome)
        if isinstance(outcome, PipelineRead):
            configuration = self._readings.configurations.allowed(configuration, outcome.pipeline)
        if configuration is not None:
            known = {_key(each) for each in answers}
            moves = self._moves()
            others = (*self._others(configuration, moves), *self._after_success(configuration, moves, requests))
            answers += [each for each in others if _key(each) not in known]
        return models.ChangeAnswers(
            change_id=row.id,
            revision=row.revision,
            config_revision=revision,
            answers=sorted(answers, key=_key),
            pipeline=pipeline,
            position=self._readings.position,
        )

    def _pipeline(self, grant: RepoPipeline, outcome: PipelineOutcome | None) -> RevisionPipeline:
        """What came of the file; what it was to be read for are the branches that have the commit as their head."""
        heads = heads_of(self._readings["changes"], self._row.source)
        branches = [branch for branch, revision in heads.items() if revision == self._row.revision]
        return as_pipeline(grant, outcome, branches, is_head=bool(branches))

    def _in_force(self) -> tuple[int | None, Configuration | None]:
        reading = self._readings["revisions"]
        table = reading.table(revision_table)
        newest_first = sa.select(table.c.revision, table.c.digest).order_by(table.c.seq.desc())
        row = reading.first(newest_first.where(table.c.seq <= self._row.seq))
        if row is None:
            return None, None
        return row.revision, self._readings.configurations.with_digest(reading, row.digest)

    def _requests(self) -> Sequence[sa.Row[Any]]:
        reading = self._readings["queue"]
        request, state = reading.table(queue_tables.request), reading.table(queue_tables.request_state)
        columns = (state.c.status, state.c.build_id, state.c.result, state.c.finished_at, state.c.explanation)
        query = sa.select(request, *columns).join_from(request, state, state.c.seq == request.c.seq)
        named = request.c.changes.contains(str(self._row.id)) | request.c.stamps.contains(self._row.revision)
        query = query.where(request.c.seq > self._row.seq, named)
        return reading.all(query.order_by(request.c.seq).limit(REQUESTS_LOOKED_AT))

    def _requested(self, found: RequestedBuild) -> models.TriggerAnswer:
        request, stamp = found.row, found.stamp(self._row.source)
        branch = self._row.branch if stamp is None else stamp.branch
        return models.TriggerAnswer(
            trigger=request.trigger,
            builder=request.builder,
            branch=branch,
            code="requested",
            text=self._standing(request),
            condition=None,
            request_id=request.id,
            status=request.status,
            build_id=request.build_id,
            result=request.result,
            upstream=[],
        )

    def _standing(self, request: sa.Row[Any]) -> str:
        waits = self._locks.said_of_build(request.build_id) if request.status == "claimed" else ""
        return f"{_standing(request)}; {waits}" if waits else _standing(request)

    def _others(self, configuration: Configuration, moves: Sequence[_Move]) -> Iterator[models.TriggerAnswer]:
        """Answers of change triggers as if nothing had been requested."""
        row = self._row
        source = configuration.sources.get(row.source)
        for trigger in configuration.triggers.values():
            if not isinstance(trigger, ChangeTrigger) or trigger.source != row.source or source is None:
                continue
            for name in trigger.build:
                builder = configuration.builders[name]
                if row.historic or not moves:
                    yield self._answer(trigger.name, name, row.branch, *_unmoved(row.historic))
                for move in () if row.historic else moves:
                    why = why_filtered(trigger, builder, self._seen(source, move.fact))
                    found = self._open(trigger, move) if why is None else why
                    yield self._answer(trigger.name, name, move.fact.branch, *found)

    def _after_success(
        self, configuration: Configuration, moves: Sequence[_Move], requests: Sequence[RequestedBuild]
    ) -> Iterator[models.TriggerAnswer]:
        """Answers of success triggers as if they had requested nothing."""
        triggers = concerned(configuration, self._row.source)
        if not triggers or (self._row.historic and not requests):
            return
        numbers, files = self._numbers(requests), tuple(file.path for file in _files.decode(self._row.files))
        paths = files if self._row.file_count <= len(files) else None
        branches = {move.fact.branch for move in moves} or {self._row.branch}
        for branch in branches:
            found = SuccessAnswers(configuration, self._row.source, branch, requests, numbers)
            for trigger in triggers:
                for name in trigger.build:
                    code, text, condition, upstream = found.why_not(trigger, name, paths)
                    answer = self._answer(trigger.name, name, branch, code, text, condition)
                    yield msgspec.structs.replace(answer, upstream=upstream)

    def _numbers(self, requests: Sequence[RequestedBuild]) -> Mapping[UUID, int]:
        """The numbers of builds, by their ids."""
        reading = self._readings["status"]
        build = reading.table(status_tables.build)
        ids = {each.row.build_id for each in requests if each.row.build_id is not None}
        return {
            row.id: row.number for row in reading.all(sa.select(build.c.id, build.c.number).where(build.c.id.in_(ids)))
        }

    def _moves(self) -> list[_Move]:
        query = FactQuery(
            after=self._row.seq,
            last=self._readings.position,
            names=(BranchMoved.NAME,),
            stream_id=source_id(self._row.source),
        )
        moves = self._readings.deps.ledger.select(query, MOVES_LOOKED_AT)
        return [
            _Move(move.fact, move)
            for move in moves
            if isinstance(move.fact, BranchMoved) and self._row.id in move.fact.changes
        ]

    def _seen(self, source: Source, move: BranchMoved) -> Seen:
        files = tuple(file.path for file in _files.decode(self._row.files))
        reading = self._readings["changes"]
        table = reading.table(source_table)
        said = reading.first(sa.select(table.c.own_default_branch).where(table.c.name == source.name))
        return Seen(
            stamp=SourceStamp(
                source=source.name, repository=source.url, branch=move.branch, revision=self._row.revision
            ),
            files=files,
            all_files=self._row.file_count <= len(files),
            initial=move.initial,
            default_branch=default_branch(
                source.default_branch, None if said is None else said.own_default_branch, (move.branch,)
            ),
        )

    def _open(self, trigger: ChangeTrigger, move: _Move) -> tuple[str, str]:
        quiet_at = move.recorded.meta.recorded_at + timedelta(seconds=trigger.settle_seconds)
        if self._readings.deps.clock.now() < quiet_at:
            return "settling", f"{move.fact.branch} has to be quiet for {trigger.settle_seconds:g} s first"
        return (
            "not_requested",
            "nothing keeps it by itself: its branch moved on or went before it was quiet, and the commits together"
            " didn't meet the builder's `when`, or the trigger hasn't come to it yet",
        )

    def _answer(
        self, trigger: str, builder: str, branch: str, code: Any, text: str, condition: str = ""
    ) -> models.TriggerAnswer:
        return models.TriggerAnswer(
            trigger=trigger,
            builder=builder,
            branch=branch,
            code=code,
            text=text,
            condition=condition or None,
            request_id=None,
            status=None,
            build_id=None,
            result=None,
            upstream=[],
        )


def _key(answer: models.TriggerAnswer) -> tuple[str, str, str]:
    return answer.trigger, answer.builder, answer.branch


def _unmoved(historic: bool) -> FilterReason | tuple[str, str]:
    if historic:
        return FilterReason("historic", "it is older than the source's place in the configuration")
    return "not_requested", "no branch has moved to it so far"


_STANDING: Mapping[str, str] = {
    "waiting": "requested, and waits for its build",
    "claimed": "requested, and being built",
    "collapsed": "requested, and built together with a newer request",
}


def _standing(request: sa.Row[Any]) -> str:
    if request.status != "finished":
        return _STANDING[request.status]
    if request.build_id is None:
        return f"requested, and cancelled: {request.explanation or 'no reason was given'}"
    return f"built: {request.result}"
