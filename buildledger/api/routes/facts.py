"""The ledger itself: facts, tree heads and proofs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Annotated, Literal, TypeVar
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request, Response

from buildledger.api.http.dependencies import ApiDependencies, dependencies
from buildledger.api.http.paging import cursor_of, key_of
from buildledger.api.http.parameters import AsOf, Cursor, Limit
from buildledger.api.http.problems import Invalid, NotFound
from buildledger.api.http.responses import json_response, returns, stop_if_unchanged
from buildledger.api.models import ledger as models
from buildledger.api.models.limits import PAGE_DEFAULT, POSITION_MAX
from buildledger.api.queries.facts import FactFilter, as_fact, find_page, position_at
from buildledger.api.queries.personal_data import PersonalDataResolver
from buildledger.ledger.store import leaf_hash
from buildledger.projections.reading import PositionAhead

LISTING = "facts"
NAMES_MAX = 50
HEAD_AGE = timedelta(seconds=1)
"""A head that was signed so lately is new enough for everybody who doesn't say which position it has to cover."""
T = TypeVar("T")

Names = Annotated[
    list[str] | None,
    Query(max_length=NAMES_MAX, description="Stored names, or what they begin with: `build.`", examples=["build."]),
]

router = APIRouter(tags=["ledger"])


@router.get("/facts", **returns(models.FactPage))
def list_facts(
    request: Request,
    limit: Limit = PAGE_DEFAULT,
    cursor: Cursor = None,
    as_of: AsOf = None,
    name: Names = None,
    stream: Annotated[UUID | None, Query()] = None,
    correlation: Annotated[UUID | None, Query()] = None,
    after: Annotated[int | None, Query(ge=0, le=POSITION_MAX, description="Only facts after this position.")] = None,
    order: Annotated[Literal["asc", "desc"], Query()] = "asc",
) -> Response:
    """Facts, filtered. A page may have fewer items than `limit` and still have a next one: follow `next` to the end."""
    deps = dependencies(request)
    head = _as_of(deps, as_of)
    etag = f'W/"{head}"'
    stop_if_unchanged(request, etag, head)
    wanted = FactFilter.of(name, stream, correlation)
    key = key_of(f"{LISTING} {order}", cursor, int)
    found = find_page(
        deps.ledger,
        wanted,
        limit=limit,
        after=after or 0,
        until=head,
        begin=None if key is None else key[0],
        order=order,
    )
    with deps.views.read(None, "people") as (people,):
        personal = PersonalDataResolver(deps.vault, people)
        personal.load(actors={recorded.meta.actor for recorded in found.facts})
    following = None if found.go_on is None else cursor_of(f"{LISTING} {order}", found.go_on)
    items = [as_fact(recorded, personal) for recorded in found.facts]
    return json_response(models.FactPage(items=items, next=following, position=head), etag=etag, position=head)


@router.get("/facts/{position}", **returns(models.FactDetail))
def read_fact(request: Request, position: Annotated[int, Path(ge=1, le=POSITION_MAX, examples=[1])]) -> Response:
    """One fact with its stored bytes, whose leaf hash anyone can compute again."""
    deps = dependencies(request)
    stored = deps.ledger.store.select_notifications(position, 1)
    if not stored or stored[0].id != position:
        raise NotFound("fact at position", position)
    recorded = deps.ledger.read(position - 1, 1)[0]
    with deps.views.read(None, "people") as (people,):
        personal = PersonalDataResolver(deps.vault, people)
        personal.load(actors=[recorded.meta.actor])
    made = models.FactDetail(
        fact=as_fact(recorded, personal),
        stored=bytes(stored[0].state).decode(),
        leaf_hash=leaf_hash(stored[0]).hex(),
        position=deps.ledger.head(),
    )
    return json_response(made, position=made.position)


@router.get("/positions", **returns(models.PositionAt))
def find_position(
    request: Request,
    time: Annotated[datetime, Query(description="With its offset from UTC.", examples=["2026-11-22T10:15:00Z"])],
) -> Response:
    """The last position that was recorded at or before a time: what to give as `as_of`."""
    if time.tzinfo is None:
        raise Invalid("the time needs its offset from UTC: 2026-11-22T10:15:00Z")
    position, recorded_at = position_at(dependencies(request).ledger, time)
    return json_response(models.PositionAt(position=position, recorded_at=recorded_at), position=position)


@router.get("/tree-head", **returns(models.TreeHead))
def read_tree_head(
    request: Request,
    covering: Annotated[
        int, Query(ge=0, le=POSITION_MAX, description="A position that has to be in it, however new it is.")
    ] = 0,
) -> Response:
    """A signed tree head of all facts there are, or were a second ago."""
    deps = dependencies(request)
    head = deps.tree.newest_head(deps.head_key.verifier)
    recorded = deps.ledger.head()
    if (
        head is None
        or head.size < min(covering, recorded)
        or (head.size < recorded and deps.clock.now() - head.signed_at > HEAD_AGE)
    ):
        head = deps.tree.sign(deps.head_key, deps.clock)
    if head.size < covering:
        raise PositionAhead(covering, head.size)
    made = models.TreeHead(
        size=head.size,
        root=head.root.hex(),
        signed_at=head.signed_at,
        key_id=head.key_id,
        public_key=head.public_key,
        signature=head.signature,
        text=head.text,
    )
    return json_response(made, position=head.size)


@router.get("/proofs/inclusion", **returns(models.InclusionProof))
def prove_inclusion(
    request: Request,
    position: Annotated[int, Query(ge=1, le=POSITION_MAX)],
    tree_size: Annotated[int | None, Query(ge=1, le=POSITION_MAX, description="Default: all facts there are.")] = None,
) -> Response:
    """That a fact is in the tree of that size."""
    deps = dependencies(request)
    if tree_size is not None and tree_size < position:
        raise Invalid(f"the tree of {tree_size} facts doesn't have position {position}")
    proof = _proven(deps, max(position, tree_size or 0), lambda: deps.tree.prove_inclusion(position, tree_size))
    made = models.InclusionProof(
        position=proof.position,
        tree_size=proof.size,
        leaf_hash=proof.leaf.hex(),
        path=[node.hex() for node in proof.path],
        root=proof.root.hex(),
    )
    return json_response(made, position=proof.size)


@router.get("/proofs/consistency", **returns(models.ConsistencyProof))
def prove_consistency(
    request: Request,
    first: Annotated[int, Query(ge=1, le=POSITION_MAX)],
    second: Annotated[int | None, Query(ge=1, le=POSITION_MAX, description="Default: all facts there are.")] = None,
) -> Response:
    """That the tree of the second size only appended to that of the first."""
    deps = dependencies(request)
    if second is not None and second < first:
        raise Invalid(f"the second size, {second}, is smaller than the first, {first}")
    proof = _proven(deps, max(first, second or 0), lambda: deps.tree.prove_consistency(first, second))
    made = models.ConsistencyProof(
        first_size=proof.old_size,
        second_size=proof.size,
        first_root=proof.old_root.hex(),
        second_root=proof.root.hex(),
        path=[node.hex() for node in proof.path],
    )
    return json_response(made, position=proof.size)


def _as_of(deps: ApiDependencies, as_of: int | None) -> int:
    head = deps.ledger.head()
    if as_of is not None and as_of > head:
        raise PositionAhead(as_of, head)
    return head if as_of is None else as_of


def _proven(deps: ApiDependencies, reaching: int, prove: Callable[[], T]) -> T:
    """Prove once the tree has come that far. Raises: PositionAhead if the ledger hasn't."""
    if reaching > deps.ledger.head():
        raise PositionAhead(reaching, deps.ledger.head())
    deps.tree.catch_up()
    return prove()
