"""The first page."""

from __future__ import annotations

from collections import Counter
from uuid import UUID

import sqlalchemy as sa
from fastapi import APIRouter, Request, Response

from buildledger.api.http.parameters import AsOf
from buildledger.api.http.responses import returns
from buildledger.api.models import home as models
from buildledger.api.queries import builders as builder_queries
from buildledger.api.queries import builds as build_queries
from buildledger.api.queries import requests as request_queries
from buildledger.api.queries.changes import blame_rows, blamed_ids, changes_by_id
from buildledger.api.queries.personal_data import PersonalDataResolver
from buildledger.api.queries.readings import Reads, reading
from buildledger.api.queries.wait_reasons import WaitReasons
from buildledger.projections.columns import moment
from buildledger.projections.queue_tables import request as request_table
from buildledger.projections.queue_tables import request_state
from buildledger.projections.status_tables import UNFINISHED, build, build_state, builder
from buildledger.projections.workers import worker

BROKEN_SHOWN = 100
RUNNING_SHOWN = 100
RECENT_SHOWN = 20
QUEUE_SHOWN = 20
SUSPECTS_SHOWN = 5
VIEWS = ("status", "queue", "workers", "changes", "blamelist", "people", "revisions")

router = APIRouter(tags=["home"])


@router.get("/home", **returns(models.Home))
def read_home(request: Request, as_of: AsOf = None) -> Response:
    """What is broken, since when and whose; what runs, waits and was built last."""
    with reading(request, as_of, *VIEWS) as reads:
        status, personal = reads["status"], PersonalDataResolver(reads.deps.vault, reads["people"])
        counts = _builder_counts(reads)
        running_refs = build_queries.running(status)
        seq = status.sort_column(build.c.seq, build_state.c.seq)
        running = build_queries.listed(status).where(UNFINISHED).order_by(seq.desc())
        finished = build_queries.listed(status).where(~UNFINISHED).order_by(seq.desc())
        home = models.Home(
            broken=_broken(reads, personal),
            broken_count=counts.broken,
            running=build_queries.as_builds(status, personal, status.all(running.limit(RUNNING_SHOWN))),
            running_count=len(running_refs),
            recent=build_queries.as_builds(status, personal, status.all(finished.limit(RECENT_SHOWN))),
            queue=_queue(reads, personal),
            builders=counts,
            workers=_worker_counts(reads, {row.worker for row in running_refs}),
            position=reads.position,
        )
        return reads.respond(home)


def _broken(reads: Reads, personal: PersonalDataResolver) -> list[models.BrokenBuilder]:
    status = reads["status"]
    query = builder_queries.listed(status).where(builder.c.configured, builder.c.status == "broken")
    rows = status.all(query.order_by(builder.c.broken_at, builder.c.name).limit(BROKEN_SHOWN))
    builds = {
        row.seq: row
        for row in build_queries.referred(status, {seq for row in rows for seq in (row.broken_seq, row.last_seq)})
    }
    references = {seq: build_queries.as_reference(row) for seq, row in builds.items()}
    suspects = _suspects(reads, personal, {references[row.broken_seq].id for row in rows})
    found = []
    for row in rows:
        broken = builder_queries.broken_of(row, references)
        assert broken is not None
        named, total, baseline = suspects.get(broken.since.id, ([], 0, False))
        found.append(
            models.BrokenBuilder(
                name=row.name,
                project=row.project,
                broken=broken,
                last_build=references[row.last_seq],
                summary=builds[row.broken_seq].summary,
                suspects=named,
                suspect_count=total,
                baseline=baseline,
            )
        )
    return found


def _suspects(
    reads: Reads, personal: PersonalDataResolver, build_ids: set[UUID]
) -> dict[UUID, tuple[list[models.Suspect], int, bool]]:
    """For each of these builds: the first suspects, how many there are, and whether there was a green build before."""
    blames = blame_rows(reads["blamelist"], build_ids)
    shown = {(row.build_id, row.source): blamed_ids(row)[:SUSPECTS_SHOWN] for row in blames}
    known = changes_by_id(reads["changes"], personal, {key for ids in shown.values() for key in ids})
    found: dict[UUID, tuple[list[models.Suspect], int, bool]] = {}
    for row in blames:
        named, total, baseline = found.get(row.build_id, ([], 0, False))
        more = [
            models.Suspect(
                change_id=change.id,
                source=change.source,
                revision=change.revision,
                subject=change.subject,
                author=change.author,
            )
            for key in shown[row.build_id, row.source]
            if (change := known.get(key)) is not None
        ]
        merged = [*named, *more][:SUSPECTS_SHOWN]
        found[row.build_id] = (merged, total + row.commit_count, baseline or row.baseline == "green")
    return found


def _queue(reads: Reads, personal: PersonalDataResolver) -> models.QueueSummary:
    queue = reads["queue"]
    first = queue.all(request_queries.in_line(request_queries.listed(queue)).limit(QUEUE_SHOWN))
    summary = (
        sa.select(sa.func.count().label("waiting"), sa.func.min(request_table.c.submitted_at).label("oldest"))
        .join_from(request_state, request_table, request_table.c.seq == request_state.c.seq)
        .where(queue.is_current(request_state), request_queries.WAITING)
    )
    row = queue.first(summary)
    return models.QueueSummary(
        waiting=0 if row is None else row.waiting,
        oldest_at=None if row is None or row.oldest is None else moment(row.oldest),
        first=request_queries.as_requests(personal, first, WaitReasons(reads)),
    )


def _builder_counts(reads: Reads) -> models.BuilderCounts:
    status = reads["status"]
    query = sa.select(builder.c.status, sa.func.count().label("number")).where(
        builder.c.configured, status.is_current(builder)
    )
    numbers = Counter({row.status: row.number for row in status.all(query.group_by(builder.c.status))})
    return models.BuilderCounts(
        total=numbers.total(),
        passing=numbers["passing"],
        broken=numbers["broken"],
        unclear=numbers["unclear"],
        never_built=numbers["never_built"],
    )


def _worker_counts(reads: Reads, busy: set[str]) -> models.WorkerCounts:
    workers = reads["workers"]
    rows = workers.all(
        sa.select(worker.c.name, worker.c.status, worker.c.paused).where(
            workers.is_current(worker), worker.c.configured
        )
    )
    return models.WorkerCounts(
        total=len(rows),
        connected=sum(row.status == "connected" for row in rows),
        paused=sum(bool(row.paused) for row in rows),
        busy=sum(row.name in busy for row in rows),
    )
