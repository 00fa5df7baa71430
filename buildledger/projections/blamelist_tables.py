"""The commit graph, the green revisions of each stream, and the blame of each build."""

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
    text("stream"),
    text("obtained"),
)
"""Builds that run; a finished one has no present row."""

green = versioned(
    METADATA,
    "green",
    ("stream", "source", "revision"),
    text("stream"),
    text("source"),
    text("revision"),
)
"""What passed builds of a stream got, without what a later one contains."""

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
"""`commits` are revisions, newest first, up to the limit. `baseline` is `green`, `none` (never green: nobody is blamed)
or `unknown` (the revision is in no change)."""
