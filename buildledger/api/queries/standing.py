"""What waits and runs, counted: from the views `queue`, `status` and `workers`."""

from __future__ import annotations

import sqlalchemy as sa

from buildledger.api.queries.select_builds import is_unfinished
from buildledger.config.plan.effects import Standing
from buildledger.projections import queue_tables, status_tables
from buildledger.projections.reading import Reading
from buildledger.projections.workers import worker as worker_table


def standing(queue: Reading, status: Reading, workers: Reading) -> Standing:
    """All that a change of the configuration may affect, by name."""
    request, state = queue.table(queue_tables.request), queue.table(queue_tables.request_state)
    waiting = (
        sa.select(request.c.builder, sa.func.count().label("requests"))
        .join_from(request, state, state.c.seq == request.c.seq)
        .where(state.c.status == sa.literal_column("'waiting'"))
        .group_by(request.c.builder)
    )
    build, build_state = status.table(status_tables.build), status.table(status_tables.build_state)
    running = (
        sa.select(build.c.builder, build.c.worker, sa.func.count().label("builds"))
        .join_from(build, build_state, build_state.c.seq == build.c.seq)
        .where(is_unfinished(build_state))
        .group_by(build.c.builder, build.c.worker)
    )
    by_builder: dict[str, int] = {}
    by_worker: dict[str, int] = {}
    for row in status.all(running):
        by_builder[row.builder] = by_builder.get(row.builder, 0) + row.builds
        by_worker[row.worker] = by_worker.get(row.worker, 0) + row.builds
    worker_rows = workers.table(worker_table)
    connected = sa.select(worker_rows.c.name).where(worker_rows.c.status == "connected")
    return Standing(
        waiting={row.builder: row.requests for row in queue.all(waiting)},
        running=by_builder,
        running_on=by_worker,
        connected={row.name for row in workers.all(connected)},
    )
