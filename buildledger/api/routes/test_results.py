"""Results of the tests of builds."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Query

from buildledger.api.http.paging import cursor_of, key_of, page
from buildledger.api.http.parameters import Cursor, IdPath, Limit
from buildledger.api.http.responses import JsonResponse
from buildledger.api.http.routing import api_router
from buildledger.api.models import artifacts as models
from buildledger.api.models.limits import PAGE_DEFAULT
from buildledger.api.queries import test_results as queries
from buildledger.api.queries.builds import seq_of
from buildledger.api.queries.readings import ReadModelsAsOf

__test__ = False

LISTING = "tests"
NO_TESTS = models.TestTotals(reports=0, passed=0, failed=0, errors=0, skipped=0, omitted=0)
Status = Literal["passed", "failed", "error", "skipped"]

router = api_router("builds")


@router.get("/builds/{build_id}/tests")
def list_tests(
    read_models: ReadModelsAsOf,
    build_id: IdPath,
    limit: Limit = PAGE_DEFAULT,
    cursor: Cursor = None,
    status: Annotated[Status | None, Query(description="Only tests that came out so.")] = None,
) -> JsonResponse[models.TestPage]:
    """The tests of a build as its test reports have them: failed ones first, then skipped ones, then the others."""
    after = key_of(LISTING, cursor, int, int, int)
    with read_models.read("status", "tests") as readings:
        seq_of(readings["status"], build_id)  # refuses an unknown build
        tests = readings["tests"]
        found = queries.list_tests(tests, build_id, limit=limit + 1, after=after, status=status)
        rows, following = page(found, limit, lambda last: cursor_of(LISTING, last.rank, last.position, last.place))
        totals = queries.totals_of(tests, build_id) or NO_TESTS
        items = [queries.as_test(row) for row in rows]
        return readings.respond(models.TestPage(items=items, totals=totals, next=following, position=readings.position))
