"""The first page, from seven views in one answer."""

from __future__ import annotations

from uuid import UUID

from buildledger.api.models import home as models
from buildledger.api.queries import builders as builder_queries
from buildledger.api.queries import builds as build_queries
from buildledger.api.queries import requests as request_queries
from buildledger.api.queries import workers as worker_queries
from buildledger.api.queries.changes import blame_rows, blamed_ids, changes_by_id
from buildledger.api.queries.personal_data import PersonalDataResolver
from buildledger.api.queries.readings import Readings
from buildledger.api.queries.select_builds import SelectBuilds, running
from buildledger.api.queries.wait_reasons import WaitReasons
from buildledger.events.worker import PausedBy

VIEWS = ("status", "queue", "workers", "changes", "blamelist", "people", "revisions")
BROKEN_SHOWN = 100
BROKEN_ELSEWHERE_SHOWN = 20
RUNNING_SHOWN = 100
RECENT_SHOWN = 20
QUEUE_SHOWN = 20
SUSPECTS_SHOWN = 5


def home(readings: Readings) -> models.Home:
    """What is broken, since when and whose; what runs, waits and was built last."""
    status, personal = readings["status"], readings.personal_data()
    counts = _builder_counts(readings)
    all_running = running(status)
    shown = SelectBuilds(status).unfinished().newest_first(RUNNING_SHOWN)
    recent = SelectBuilds(status).last_finished(RECENT_SHOWN)
    return models.Home(
        broken=_broken(readings, personal, builder_queries.broken_longest(status, BROKEN_SHOWN)),
        broken_count=counts.broken,
        broken_elsewhere=_broken(readings, personal, builder_queries.broken_elsewhere(status, BROKEN_ELSEWHERE_SHOWN)),
        broken_elsewhere_count=builder_queries.count_broken_elsewhere(status),
        running=build_queries.as_builds(readings, personal, shown),
        running_count=len(all_running),
        recent=build_queries.as_builds(readings, personal, recent),
        queue=_queue(readings, personal),
        builders=counts,
        workers=_worker_counts(readings, {row.worker for row in all_running}),
        position=readings.position,
    )


def _broken(
    readings: Readings, personal: PersonalDataResolver, rows: builder_queries.Rows
) -> list[models.BrokenBuilder]:
    status = readings["status"]
    seqs = {seq for row in rows for seq in (row.broken_seq, row.judged_seq)}
    builds = {row.seq: row for row in build_queries.reference_rows(status, seqs)}
    references = {seq: build_queries.as_reference(row) for seq, row in builds.items()}
    suspects = _suspects(readings, personal, {references[row.broken_seq].id for row in rows})
    found = []
    for row in rows:
        broken = builder_queries.broken_of(row, references)
        assert broken is not None
        named, total, baseline = suspects.get(broken.since.id, ([], 0, False))
        found.append(
            models.BrokenBuilder(
                name=row.name,
                branch=row.branch,
                project=row.project,
                broken=broken,
                last_build=references[row.judged_seq],
                summary=builds[row.broken_seq].summary,
                suspects=named,
                suspect_count=total,
                baseline=baseline,
            )
        )
    return found


def _suspects(
    readings: Readings, personal: PersonalDataResolver, build_ids: set[UUID]
) -> dict[UUID, tuple[list[models.Suspect], int, bool]]:
    """For each of these builds: the first suspects, how many there are, and whether there was a green build before."""
    blames = blame_rows(readings["blamelist"], build_ids)
    shown = {(row.build_id, row.source): blamed_ids(row)[:SUSPECTS_SHOWN] for row in blames}
    known = changes_by_id(readings["changes"], personal, {key for ids in shown.values() for key in ids})
    found: dict[UUID, tuple[list[models.Suspect], int, bool]] = {}
    for row in blames:
        named, total, baseline = found.get(row.build_id, ([], 0, False))
        more = [
            models.Suspect(
                change_id=change.id,
                source=change.source,
                revision=change.revision,
                subject=change.subject,
                altered=change.altered,
                author=change.author,
            )
            for key in shown[row.build_id, row.source]
            if (change := known.get(key)) is not None
        ]
        merged = [*named, *more][:SUSPECTS_SHOWN]
        found[row.build_id] = (merged, total + row.commit_count, baseline or row.baseline == "green")
    return found


def _queue(readings: Readings, personal: PersonalDataResolver) -> models.QueueSummary:
    queue = readings["queue"]
    first = request_queries.first_waiting(queue, QUEUE_SHOWN)
    waiting, oldest_at = request_queries.waiting_since(queue)
    return models.QueueSummary(
        waiting=waiting,
        oldest_at=oldest_at,
        first=request_queries.as_requests(personal, first, WaitReasons(readings)),
    )


def _builder_counts(readings: Readings) -> models.BuilderCounts:
    numbers = builder_queries.counts_by_status(readings["status"])
    return models.BuilderCounts(
        total=numbers.total(),
        passing=numbers["passing"],
        broken=numbers["broken"],
        unclear=numbers["unclear"],
        never_built=numbers["never_built"],
    )


def _worker_counts(readings: Readings, busy: set[str]) -> models.WorkerCounts:
    rows = worker_queries.configured_workers(readings["workers"])
    return models.WorkerCounts(
        total=len(rows),
        connected=sum(row.status == "connected" for row in rows),
        paused=sum(row.paused_by == PausedBy.PERSON for row in rows),
        busy=sum(row.name in busy for row in rows),
    )
