"""Claims about people."""

from __future__ import annotations

import sqlalchemy as sa
from fastapi import APIRouter, Request, Response

from buildledger.api.http.paging import cursor_of, key_of, page
from buildledger.api.http.parameters import AsOf, Cursor, Limit
from buildledger.api.http.responses import returns
from buildledger.api.models import changes as models
from buildledger.api.models.limits import PAGE_DEFAULT
from buildledger.api.queries.personal_data import PersonalDataResolver
from buildledger.api.queries.readings import reading
from buildledger.projections.people import claim

LISTING = "people"

router = APIRouter(tags=["people"])


@router.get("/people", **returns(models.PersonPage))
def list_people(request: Request, limit: Limit = PAGE_DEFAULT, cursor: Cursor = None, as_of: AsOf = None) -> Response:
    """Names and addresses that commits and requests gave, the last seen first."""
    after = key_of(LISTING, cursor, int)
    with reading(request, as_of, "people") as reads:
        people = reads["people"]
        query = sa.select(claim.c.seq, claim.c.id).where(people.existed(claim.c.seq))
        if after is not None:
            query = query.where(claim.c.seq < after[0])
        rows, last = page(people.all(query.order_by(claim.c.seq.desc()).limit(limit + 1)), limit)
        personal = PersonalDataResolver(reads.deps.vault, people)
        personal.load(claims=[row.id for row in rows])
        items = [personal.person(row.id) for row in rows]
        following = None if last is None else cursor_of(LISTING, last.seq)
        return reads.respond(models.PersonPage(items=items, next=following, position=reads.position))
