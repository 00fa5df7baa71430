"""Builders, from the view `status`."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

import msgspec
import sqlalchemy as sa

from buildledger.api.models import builders as models
from buildledger.api.models.scalars import BuildRef
from buildledger.api.queries import builds as build_queries
from buildledger.api.queries.select_builds import running
from buildledger.projections import status_tables
from buildledger.projections.columns import moment
from buildledger.projections.reading import Reading

Rows = Sequence[sa.Row[Any]]
_matrix = msgspec.json.Decoder(dict[str, str | int | bool])
_tags = msgspec.json.Decoder(list[str])


class BuilderFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which builders are wanted: those that fit everything that is given."""

    status: str | None = None
    base: str | None = None
    """The name without the matrix cell: all cells of a matrix."""
    project: str | None = None
    tag: str | None = None
    source: str | None = None
    """Checked out by one of its steps."""
    protected: bool | None = None
    search: str | None = None
    """Part of the name, the description or a tag."""


def list_builders(reading: Reading, wanted: BuilderFilter, *, limit: int, after: str | None = None) -> Rows:
    """Rows for `as_builders`, by name, of wanted builders behind the name `after`."""
    builder = reading.table(status_tables.builder)
    query = sa.select(builder).order_by(builder.c.name).limit(limit)
    if after is not None:
        query = query.where(builder.c.name > after)
    for name in ("status", "base", "project", "protected"):
        if (value := getattr(wanted, name)) is not None:
            query = query.where(builder.c[name] == value)
    for column, element in ((builder.c.tags, wanted.tag), (builder.c.sources, wanted.source)):
        if element is not None:
            query = query.where(column.contains(f'"{element}"', autoescape=True))
    if wanted.search is not None:
        fields = (builder.c.name, builder.c.description, builder.c.tags)
        query = query.where(sa.or_(*(field.icontains(wanted.search, autoescape=True) for field in fields)))
    return reading.all(query)


def builder_row(reading: Reading, name: str) -> sa.Row[Any] | None:
    """The row for `as_builders` of one builder."""
    builder = reading.table(status_tables.builder)
    return reading.first(sa.select(builder).where(builder.c.name == name))


def broken_longest(reading: Reading, limit: int) -> Rows:
    """Rows for `as_builders` of configured builders that are broken, those first that have been for the longest."""
    builder = reading.table(status_tables.builder)
    columns = (builder, builder.c.default_branch.label("branch"))
    broken = sa.select(*columns).where(builder.c.configured, builder.c.status == "broken")
    return reading.all(broken.order_by(builder.c.broken_at, builder.c.name).limit(limit))


def broken_elsewhere(reading: Reading, limit: int) -> Rows:
    """Branches, but for the default ones, on which configured builders are broken; the longest first."""
    branch = reading.table(status_tables.branch_status)
    query = _broken_elsewhere(reading, branch)
    return reading.all(query.order_by(branch.c.broken_at, branch.c.builder, branch.c.branch).limit(limit))


def count_broken_elsewhere(reading: Reading) -> int:
    """How many rows `broken_elsewhere` has without a limit."""
    return reading.count(_broken_elsewhere(reading, reading.table(status_tables.branch_status)))


def _broken_elsewhere(reading: Reading, branch: sa.FromClause) -> sa.Select[Any]:
    builder = reading.table(status_tables.builder)
    joined = branch.join(builder, branch.c.builder == builder.c.name)
    columns = (branch.c.judged_seq, branch.c.broken_seq, branch.c.broken_at, branch.c.failures, branch.c.branch)
    query = sa.select(builder.c.name, builder.c.project, *columns).select_from(joined)
    elsewhere = builder.c.default_branch != branch.c.branch
    return query.where(branch.c.status == "broken", builder.c.configured, elsewhere)


def list_branches(reading: Reading, builder: str, limit: int) -> Rows:
    """Rows for `as_branches` of one builder: broken ones first, then the ones built last."""
    branch = reading.table(status_tables.branch_status)
    query = sa.select(branch).where(branch.c.builder == builder)
    return reading.all(query.order_by(branch.c.status != "broken", branch.c.judged_seq.desc()).limit(limit))


def as_branches(reading: Reading, rows: Rows) -> list[models.BranchStatus]:
    """Rows as they are answered, with one more query."""
    builds = build_queries.references(reading, {seq for row in rows for seq in (row.judged_seq, row.broken_seq) if seq})
    return [
        models.BranchStatus(
            branch=row.branch,
            status=row.status,
            last_build=builds[row.judged_seq],
            broken=broken_of(row, builds),
        )
        for row in rows
    ]


def counts_by_status(reading: Reading) -> Counter[str]:
    """How many configured builders have each status."""
    builder = reading.table(status_tables.builder)
    query = sa.select(builder.c.status, sa.func.count().label("number")).where(builder.c.configured)
    return Counter({row.status: row.number for row in reading.all(query.group_by(builder.c.status))})


def as_builders(reading: Reading, rows: Rows) -> list[models.Builder]:
    """Rows as they are answered, with two more queries."""
    seqs = {seq for row in rows for seq in (row.last_seq, row.broken_seq) if seq is not None}
    builds = build_queries.references(reading, seqs)
    runs: defaultdict[str, list[BuildRef]] = defaultdict(list)
    for row in running(reading):
        runs[row.builder].append(build_queries.as_reference(row))
    return [
        models.Builder(
            name=row.name,
            base=row.base,
            matrix=_matrix.decode(row.matrix),
            project=row.project,
            description=row.description,
            tags=_tags.decode(row.tags),
            protected=row.protected,
            configured=row.configured,
            default_branch=row.default_branch,
            status=row.status,
            last_result=row.last_result,
            last_build=builds.get(row.last_seq),
            broken=broken_of(row, builds),
            build_count=row.build_count,
            running=runs.get(row.name, []),
        )
        for row in rows
    ]


def broken_of(row: sa.Row[Any], builds: dict[int, BuildRef]) -> models.Broken | None:
    """Since when the builder is broken, if it is."""
    if row.broken_seq is None:
        return None
    return models.Broken(since=builds[row.broken_seq], failures=row.failures, since_at=moment(row.broken_at))
