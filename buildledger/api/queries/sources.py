"""Sources and their branches, from the view `changes`."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from buildledger.api.http.problems import NotFound
from buildledger.api.models import changes as models
from buildledger.config.problems.problem import did_you_mean, listed
from buildledger.config.resolved import RepoPipeline
from buildledger.domain.schedule import default_branch
from buildledger.projections import changes as tables
from buildledger.projections.columns import moment
from buildledger.projections.reading import Reading

_log = logging.getLogger(__name__)


def list_sources(reading: Reading, grants: Mapping[str, RepoPipeline]) -> list[models.Source]:
    """All sources by name, with their branches; `grants` are those of the configuration in force."""
    branches = _branches(reading)
    source = reading.table(tables.source)
    rows = reading.all(sa.select(source).order_by(source.c.name))
    return [
        models.Source(
            name=row.name,
            configured=row.configured,
            kind=row.kind,
            url=row.url,
            default_branch=row.default_branch or row.own_default_branch,
            pipeline_path=grants[row.name].path if row.name in grants else None,
            outage=_outage(row),
            branches=branches[row.name],
        )
        for row in rows
    ]


def is_known(reading: Reading, name: str) -> bool:
    """Whether anything ever spoke of a source."""
    source = reading.table(tables.source)
    return reading.first(sa.select(source.c.name).where(source.c.name == name)) is not None


def failing_sources(reading: Reading) -> dict[str, models.Outage]:
    """The configured sources that can't be read, by name."""
    source = reading.table(tables.source)
    rows = reading.all(
        sa.select(source).where(source.c.cause.is_not(None), source.c.configured).order_by(source.c.name)
    )
    return {row.name: outage for row in rows if (outage := _outage(row)) is not None}


def default_branch_of(reading: Reading, source: str) -> str:
    """The branch of a source that is built when none is named; empty: not known."""
    table = reading.table(tables.source)
    row = reading.first(sa.select(table).where(table.c.name == source))
    configured, own = (None, None) if row is None else (row.default_branch, row.own_default_branch)
    return default_branch(configured, own, heads_of(reading, source))


def missing_source(reading: Reading, name: str) -> NotFound:
    """The answer about a source that isn't configured: what it was, or what may have been meant. Says so in the log.

    Whoever names it is a hook, as a rule, whose answers nobody reads.
    """
    source = reading.table(tables.source)
    rows = reading.all(sa.select(source.c.name, source.c.configured))
    was = any(row.name == name for row in rows)
    configured = [row.name for row in rows if row.configured]
    gone = ": it was in the configuration before, and is known from history only"
    hint = gone if was else did_you_mean(name, configured)
    problem = NotFound("configured source", name, f"{hint}; configured: {listed(configured) or 'none'}")
    _log.warning("somebody speaks of a source that isn't configured: %s", problem)
    return problem


def heads_of(reading: Reading, source: str) -> Mapping[str, str]:
    """The branches of a source, with their revisions."""
    branch = reading.table(tables.branch)
    rows = reading.all(sa.select(branch.c.name, branch.c.revision).where(branch.c.source == source))
    return {row.name: row.revision for row in rows}


def last_moved_branches(reading: Reading, source: str, limit: int) -> Sequence[str]:
    """Names of the branches of a source, the one that moved last first."""
    branch = reading.table(tables.branch)
    query = sa.select(branch.c.name).where(branch.c.source == source)
    rows = reading.all(query.order_by(branch.c.moved_at.desc(), branch.c.name).limit(limit))
    return [row.name for row in rows]


def _branches(reading: Reading) -> defaultdict[str, list[models.Branch]]:
    branch = reading.table(tables.branch)
    found: defaultdict[str, list[models.Branch]] = defaultdict(list)
    for row in reading.all(sa.select(branch).order_by(branch.c.source, branch.c.name)):
        found[row.source].append(
            models.Branch(
                name=row.name,
                revision=row.revision,
                forced=row.forced,
                moved_at=moment(row.moved_at),
                position=row.since,
            )
        )
    return found


def _outage(row: sa.Row[Any]) -> models.Outage | None:
    if row.cause is None:
        return None
    return models.Outage(cause=row.cause, detail=row.detail, since=moment(row.failed_at))
