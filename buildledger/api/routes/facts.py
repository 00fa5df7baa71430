"""Facts, as the ledger has them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import Path, Query, Request

from buildledger.api.http.dependencies import ApiDependencies, Dependencies
from buildledger.api.http.paging import cursor_of, key_of
from buildledger.api.http.parameters import AsOf, Cursor, Limit
from buildledger.api.http.problems import Invalid, NotFound
from buildledger.api.http.responses import JsonResponse, stop_if_unchanged
from buildledger.api.http.routing import api_router
from buildledger.api.models import ledger as models
from buildledger.api.models.limits import PAGE_DEFAULT, POSITION_MAX
from buildledger.api.queries.facts import WantedFacts, as_facts, find_page, position_at
from buildledger.ledger.store import FactQuery
from buildledger.projections.reading import PositionAhead

LISTING = "facts"

router = api_router("ledger")


@router.get("/facts")
def list_facts(
    request: Request,
    deps: Dependencies,
    wanted: WantedFacts,
    limit: Limit = PAGE_DEFAULT,
    cursor: Cursor = None,
    as_of: AsOf = None,
    after: Annotated[int | None, Query(ge=0, le=POSITION_MAX, description="Only facts after this position.")] = None,
    order: Annotated[Literal["asc", "desc"], Query(description="From the oldest on, or from the newest.")] = "asc",
) -> JsonResponse[models.FactPage]:
    """Facts, filtered. A page may have fewer items than `limit` and still have a next one: follow `next` to the end."""
    head = _as_of(deps, as_of)
    etag = f'W/"{head}"'
    stop_if_unchanged(request, etag, head)
    (begin,) = key_of(f"{LISTING} {order}", cursor, int) or (None,)
    found = find_page(deps.ledger, wanted, limit=limit, after=after or 0, until=head, begin=begin, order=order)
    following = None if found.go_on is None else cursor_of(f"{LISTING} {order}", found.go_on)
    items = as_facts(deps, found.facts)
    return JsonResponse(models.FactPage(items=items, next=following, position=head), etag=etag, position=head)


@router.get("/facts/{position}")
def read_fact(
    deps: Dependencies,
    position: Annotated[int, Path(ge=1, le=POSITION_MAX, description="The fact's place in the ledger.", examples=[1])],
) -> JsonResponse[models.FactDetail]:
    """One fact with its stored bytes, whose leaf hash anyone can compute again."""
    stored = deps.ledger.store.select_facts(FactQuery(after=position - 1), 1)
    if not stored or stored[0].position != position:
        raise NotFound("fact at position", position)
    (fact,) = as_facts(deps, deps.ledger.read(position - 1, 1), whole=True)
    detail = models.FactDetail(
        fact=fact,
        stored=stored[0].body.decode(),
        leaf_hash=stored[0].leaf_hash.hex(),
        position=deps.ledger.head(),
    )
    return JsonResponse(detail, position=detail.position)


@router.get("/positions")
def find_position(
    deps: Dependencies,
    time: Annotated[datetime, Query(description="With its offset from UTC.", examples=["2026-11-22T10:15:00Z"])],
) -> JsonResponse[models.PositionAt]:
    """The last position that was recorded at or before a time: what to give as `as_of`."""
    if time.tzinfo is None:
        raise Invalid("the time needs its offset from UTC: 2026-11-22T10:15:00Z")
    position, recorded_at = position_at(deps.ledger, time)
    return JsonResponse(models.PositionAt(position=position, recorded_at=recorded_at), position=position)


def _as_of(deps: ApiDependencies, as_of: int | None) -> int:
    head = deps.ledger.head()
    if as_of is not None and as_of > head:
        raise PositionAhead(as_of, head)
    return head if as_of is None else as_of
