"""Claims about people."""

from __future__ import annotations

from buildledger.api.http.paging import cursor_of, key_of, page
from buildledger.api.http.parameters import Cursor, Limit
from buildledger.api.http.responses import JsonResponse
from buildledger.api.http.routing import api_router
from buildledger.api.models import changes as models
from buildledger.api.models.limits import PAGE_DEFAULT
from buildledger.api.queries.people import list_claims
from buildledger.api.queries.readings import ReadModelsAsOf

LISTING = "people"

router = api_router("people")


@router.get("/people")
def list_people(
    read_models: ReadModelsAsOf, limit: Limit = PAGE_DEFAULT, cursor: Cursor = None
) -> JsonResponse[models.PersonPage]:
    """Names and addresses that commits and requests gave, the last seen first."""
    (before,) = key_of(LISTING, cursor, int) or (None,)
    with read_models.read("people") as readings:
        found = list_claims(readings["people"], limit=limit + 1, before=before)
        rows, following = page(found, limit, lambda last: cursor_of(LISTING, last.seq))
        personal = readings.personal_data()
        personal.load(claims=[row.id for row in rows])
        items = [personal.person(row.id) for row in rows]
        return readings.respond(models.PersonPage(items=items, next=following, position=readings.position))
