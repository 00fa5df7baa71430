"""Queries for builds with their state, from the view `status`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from buildledger.projections import status_tables
from buildledger.projections.reading import Reading

Rows = Sequence[sa.Row[Any]]

_REFERENCE_BUILD = ("seq", "id", "builder", "number", "worker", "assigned_at")
_REFERENCE_STATE = ("result", "summary", "finished_at")
_LISTED_BUILD = (*_REFERENCE_BUILD, "attempt", "stamps", "change_count", "reason", "requested_by")
_LISTED_STATE = (*_REFERENCE_STATE, "status", "obtained")


class SelectBuilds:
    """A query for builds with their state, as they were at the reading's position. Methods narrow it in place."""

    def __init__(self, reading: Reading, *, brief: bool = False) -> None:
        """`brief`: only what `as_reference` needs, else what `as_builds` needs."""
        self._reading = reading
        self.build = reading.table(status_tables.build)
        self.state = reading.table(status_tables.build_state)
        build_columns, state_columns = (_REFERENCE_BUILD, _REFERENCE_STATE) if brief else (_LISTED_BUILD, _LISTED_STATE)
        columns = [*(self.build.c[name] for name in build_columns), *(self.state.c[name] for name in state_columns)]
        self.statement: sa.Select[Any] = sa.select(*columns).join_from(
            self.build, self.state, self.state.c.seq == self.build.c.seq
        )

    def where(self, *conditions: sa.ColumnElement[bool]) -> SelectBuilds:
        """Only builds that fit all of these."""
        self.statement = self.statement.where(*conditions)
        return self

    def unfinished(self) -> SelectBuilds:
        """Only builds that run."""
        return self.where(is_unfinished(self.state))

    def finished(self) -> SelectBuilds:
        """Only builds that have ended."""
        return self.where(~is_unfinished(self.state))

    def newest_first(self, limit: int, before: int | None = None, *, of_some: bool = False) -> Rows:
        """The newest that fit, from the one assigned before position `before` on.

        `of_some`: the conditions leave the builds of one builder, worker or request, which have an index of their own.
        """
        seq = self.build.c.seq if of_some else self._reading.sort_column(self.build.c.seq, self.state.c.seq)
        statement = self.statement.order_by(seq.desc()).limit(limit)
        return self._reading.all(statement if before is None else statement.where(seq < before))

    def last_finished(self, limit: int) -> Rows:
        """Those that ended last, the last one first, whenever they began."""
        return self._reading.all(self.finished().statement.order_by(self.state.c.since.desc()).limit(limit))


def is_unfinished(state: sa.FromClause) -> sa.ColumnElement[bool]:
    """The condition that a build runs. Its literals let databases see that the index over running builds is enough."""
    return state.c.status.in_([sa.literal_column("'running'"), sa.literal_column("'stopping'")])


def running(reading: Reading, *, config_digest: bool = False) -> list[sa.Row[Any]]:
    """Rows for `as_reference` of all builds that run, oldest first.

    `config_digest`: they have those of the configuration and the pipeline they were assigned under, too.
    """
    query = SelectBuilds(reading, brief=True).unfinished()
    statement = query.statement.order_by(query.build.c.seq)
    digests = (query.build.c.config_digest, query.build.c.pipeline) if config_digest else ()
    return list(reading.all(statement.add_columns(*digests)))
