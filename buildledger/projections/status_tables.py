"""Builders, builds, steps, operations, logs, properties and artifacts."""

from __future__ import annotations

import sqlalchemy as sa

from buildledger.projections.columns import SCHEMA, flag, identity, number, present, sequence, text, versioned

METADATA = sa.MetaData()

builder = versioned(
    METADATA,
    "builder",
    ("name",),
    text("name"),
    flag("configured"),
    text("base"),
    text("matrix"),
    text("project", nullable=True),
    text("description"),
    text("tags"),
    text("sources"),
    flag("protected"),
    text("default_branch", nullable=True),
    text("status"),
    number("build_count"),
    number("last_seq", nullable=True),
    text("last_result", nullable=True),
    number("judged_seq", nullable=True),
    number("broken_seq", nullable=True),
    number("broken_at", nullable=True),
    number("failures"),
)
"""Each builder that is configured or has been built. `last_seq` is the build that finished last. What follows, and
`status`, is of the default branch; of all branches as long as that isn't known. `broken_seq` is the first failure after
the last success."""
present("builder_status", builder, builder.c.status, builder.c.broken_at)

branch_status = versioned(
    METADATA,
    "branch_status",
    ("builder", "branch"),
    text("builder"),
    text("branch"),
    text("branches"),
    text("status"),
    number("judged_seq", nullable=True),
    number("broken_seq", nullable=True),
    number("broken_at", nullable=True),
    number("failures"),
)
"""How a builder stands on each branch that it has built and that isn't gone; `branches` are those of all sources."""
present("branch_status_broken", branch_status, branch_status.c.status, branch_status.c.broken_at)

gone_branch = versioned(METADATA, "gone_branch", ("source", "branch"), text("source"), text("branch"))
"""Branches that were deleted and haven't come back: of a build of theirs that ends later nobody wants to know."""

source_default = versioned(
    METADATA,
    "source_default",
    ("source",),
    text("source"),
    text("configured", nullable=True),
    text("own", nullable=True),
    text("likely", nullable=True),
)
"""The default branch of each source: as configured, as the repository says, and the likeliest of those seen."""

build = sa.Table(
    "build",
    METADATA,
    sequence(),
    identity("id", nullable=False, unique=True),
    text("builder"),
    number("number"),
    text("worker"),
    number("attempt"),
    identity("request_id", nullable=True),
    text("requests"),
    text("stamps"),
    text("changes"),
    number("change_count"),
    text("reason"),
    text("requested_by"),
    text("inputs"),
    text("config_digest"),
    text("pipeline", nullable=True),
    number("assigned_at"),
    schema=SCHEMA,
)
"""What is fixed when a build is assigned; `seq` is that position, which is its place in time as well."""
sa.Index("build_builder", build.c.builder, build.c.number, unique=True)
sa.Index("build_builder_seq", build.c.builder, build.c.seq)
sa.Index("build_worker", build.c.worker, build.c.seq)
sa.Index("build_request", build.c.request_id)

build_state = versioned(
    METADATA,
    "build_state",
    ("seq",),
    number("seq"),
    text("status"),
    text("result", nullable=True),
    text("summary"),
    text("obtained"),
    number("finished_at", nullable=True),
)
"""What of a build changes while it runs."""
UNFINISHED = build_state.c.status.in_([sa.literal_column("'running'"), sa.literal_column("'stopping'")])
"""Of builds that run. Literals, so that databases see that the index below is enough."""
_open = sa.and_(build_state.c.until.is_(None), UNFINISHED)
sa.Index("build_state_open", build_state.c.status, build_state.c.seq, sqlite_where=_open, postgresql_where=_open)
sa.Index("build_state_since", build_state.c.since)
"""For the builds that ended last: what a build is when it has ended holds from then on."""
present("build_state_result", build_state, build_state.c.result, build_state.c.seq)

step = versioned(
    METADATA,
    "step",
    ("seq", "number"),
    number("seq"),
    number("number"),
    text("name"),
    text("program"),
    text("result", nullable=True),
    text("summary"),
    flag("after_stop"),
    text("locks", nullable=True),
    number("locks_requested_at", nullable=True),
    number("locks_taken_at", nullable=True),
    number("started_at"),
    number("finished_at", nullable=True),
)
"""`after_stop`: it began while the build was being stopped, so it is one that always runs. `locks` is how much it takes
of each; it waits for them until `locks_taken_at`, and holds them until it ends."""

operation = versioned(
    METADATA,
    "operation",
    ("seq", "id"),
    number("seq"),
    identity("id", nullable=False),
    number("place"),
    number("step"),
    text("label"),
    text("kind"),
    text("command"),
    text("status"),
    text("ended", nullable=True),
    number("exit_code", nullable=True),
    number("signal", nullable=True),
    text("detail"),
    sa.Column("duration_seconds", sa.Double, nullable=True),
    number("requested_at"),
    number("started_at", nullable=True),
    number("finished_at", nullable=True),
)
"""`place` is the position at which it was asked for: operations of a step happen in that order."""

log = versioned(
    METADATA,
    "log",
    ("id",),
    identity("id", nullable=False),
    number("seq"),
    number("step"),
    identity("operation_id", nullable=False),
    text("channel"),
    text("label"),
    number("size_bytes", nullable=True),
    number("line_count", nullable=True),
    text("sha256", nullable=True),
    flag("truncated"),
    number("opened_at"),
    number("finished_at", nullable=True),
)
sa.Index("log_build", log.c.seq)

build_property = versioned(
    METADATA,
    "build_property",
    ("seq", "name"),
    number("seq"),
    text("name"),
    text("value"),
    text("origin"),
)

artifact = sa.Table(
    "artifact",
    METADATA,
    sequence("position"),
    number("seq"),
    text("name"),
    number("size_bytes"),
    text("sha256"),
    identity("operation_id", nullable=False),
    flag("directory"),
    number("file_count"),
    number("mode"),
    number("stored_at"),
    schema=SCHEMA,
)
sa.Index("artifact_build", artifact.c.seq)
sa.Index("artifact_operation", artifact.c.operation_id)

artifact_removed = sa.Table(
    "artifact_removed",
    METADATA,
    sequence("position"),
    identity("operation_id", nullable=False),
    text("reason"),
    number("removed_at"),
    schema=SCHEMA,
)
"""Artifacts that are kept no longer."""
sa.Index("artifact_removed_operation", artifact_removed.c.operation_id)
