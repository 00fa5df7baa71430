"""What lists ask of the database: rows that an index finds in the order in which they are wanted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, cast

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import sqlite

from buildledger.api.queries.builders import broken_elsewhere, broken_longest
from buildledger.api.queries.builds import list_builds
from buildledger.api.queries.requests import first_waiting, list_requests
from buildledger.api.queries.select_builds import SelectBuilds, running
from buildledger.projections.reading import Reading
from tests.api.conftest import Site, settled


class PlannedReading:
    """A reading that asks for the plan of each query instead of its rows."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self.table, self.sort_column = reading.table, reading.sort_column
        self.plan = ""

    def all(self, statement: sa.Select[Any]) -> Sequence[sa.Row[Any]]:
        """No rows; the plan is in `plan`."""
        bound = statement.params(as_of_position=self._reading.position)
        text = str(bound.compile(dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True}))
        explained = sa.text("EXPLAIN QUERY PLAN " + text.replace('"view".', ""))
        self.plan = str(self._reading.all(explained))  # type: ignore[arg-type]
        return []


@pytest.mark.parametrize(
    ("view", "index", "ask"),
    [
        ("status", "build_state_open", running),
        ("status", "build_state_open", lambda status: SelectBuilds(status).unfinished().newest_first(9)),
        ("status", "build_state_present", lambda status: SelectBuilds(status).finished().newest_first(9)),
        ("status", "build_state_present", lambda status: list_builds(status, limit=9)),
        ("status", "build_state_result", lambda status: list_builds(status, limit=9, result="failure")),
        ("status", "build_builder_seq", lambda status: list_builds(status, limit=9, builder="lint", before=99)),
        ("status", "branch_status_broken", lambda status: broken_elsewhere(status, 9)),
        ("status", "builder_status", lambda status: broken_longest(status, 9)),
        ("queue", "request_state_waiting", lambda queue: first_waiting(queue, 9)),
        ("queue", "request_state_present", lambda queue: list_requests(queue, limit=9)),
    ],
)
async def test_a_list_is_read_by_an_index(site: Site, view: str, index: str, ask: Callable[[Reading], object]) -> None:
    """The first page of builds and requests is found and sorted by an index, however many there are."""
    await settled(site)
    with site.deps.views.read(None, view) as (reading,):
        planned = PlannedReading(reading)
        ask(cast("Reading", planned))
        assert index in planned.plan, planned.plan
        if index != "build_state_open":  # which has only the few that run
            # rows of the same time are put in order of their names
            assert "TEMP B-TREE FOR ORDER BY" not in planned.plan, planned.plan


async def test_the_newest_builds_of_the_past_need_no_sorting(site: Site) -> None:
    """As of an earlier position, builds are read in their own order."""
    site.world.act(30)
    head = await settled(site)
    with site.deps.views.read(head - 5, "status") as (reading,):
        planned = PlannedReading(reading)
        list_builds(cast("Reading", planned), limit=9)
        assert "TEMP B-TREE" not in planned.plan, planned.plan
