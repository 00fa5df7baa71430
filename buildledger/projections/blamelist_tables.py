"""The commit graph, the green revisions of each builder, and the blame of each build."""

from __future__ import annotations

import sqlalchemy as sa

from buildledger.projections.columns import SCHEMA, identity, number, sequence, text, versioned

METADATA = sa.MetaData()

commit = sa.Table(
    "commit",
    METADATA,
    sequence(),
    text("source"),
    text("revision"),
    text("parents"),
    schema=SCHEMA,
)
sa.Index("commit_source", commit.c.source, commit.c.seq)

open_build = versioned(
    METADATA,
    "open_build",
    ("build_id",),
    identity("build_id", nullable=False),
    text("builder"),
    text("obtained"),
)
"""Builds that run; a finished one has no present row."""

green = versioned(
    METADATA,
    "green",
    ("builder", "source", "revision"),
    text("builder"),
    text("source"),
    text("revision"),
)
"""What passed builds of a builder got, on whatever branch."""

blame = versioned(
    METADATA,
    "blame",
    ("build_id", "source"),
    identity("build_id", nullable=False),
    text("source"),
    text("revision"),
    text("baseline"),
    number("commit_count"),
    text("commits"),
)
"""`commits` are revisions, newest first, up to the limit. `baseline` is `green`, `none` (no ancestor was green:
nobody is blamed) or `unknown` (the revision is in no change)."""
