"""What became of the tests of builds."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response

from buildledger.api.http.paging import cursor_of, key_of, page
from buildledger.api.http.parameters import AsOf, Cursor, IdPath, Limit
from buildledger.api.http.responses import returns
from buildledger.api.models import artifacts as models
from buildledger.api.models.limits import PAGE_DEFAULT
from buildledger.api.queries import builds as build_queries
from buildledger.api.queries.artifacts import as_test, tests_of, totals_of
from buildledger.api.queries.readings import reading
from buildledger.projections.test_results import test_result

__test__ = False

LISTING = "tests"
NO_TESTS = models.TestTotals(reports=0, passed=0, failed=0, errors=0, skipped=0, omitted=0)

router = APIRouter(tags=["builds"])


@router.get("/builds/{build_id}/tests", **returns(models.TestPage))
def list_tests(
    request: Request,
    build_id: IdPath,
    limit: Limit = PAGE_DEFAULT,
    cursor: Cursor = None,
    as_of: AsOf = None,
    status: Annotated[Literal["passed", "failed", "error", "skipped"] | None, Query()] = None,
) -> Response:
    """The tests of a build as its test reports have them: failed ones first, then skipped ones, then the others."""
    after = key_of(LISTING, cursor, int, int, int)
    with reading(request, as_of, "status", "tests") as reads:
        build_queries.seq_of(reads["status"], build_id)  # refuses an unknown build
        tests = reads["tests"]
        query = tests_of(tests, build_id).limit(limit + 1)
        columns = test_result.c
        if status is not None:
            query = query.where(columns.status == status)
        if after is not None:
            rank, position, place = after
            later = (columns.position > position) | ((columns.position == position) & (columns.place > place))
            query = query.where((columns.rank > rank) | ((columns.rank == rank) & later))
        rows, last = page(tests.all(query), limit)
        following = None if last is None else cursor_of(LISTING, last.rank, last.position, last.place)
        totals = totals_of(tests, build_id) or NO_TESTS
        items = [as_test(row) for row in rows]
        return reads.respond(models.TestPage(items=items, totals=totals, next=following, position=reads.position))
