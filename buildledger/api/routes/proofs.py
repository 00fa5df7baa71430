"""Signed tree heads, and proofs that the ledger holds a fact and has only grown."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Annotated, TypeVar

from fastapi import Query

from buildledger.api.http.dependencies import ApiDependencies, Dependencies
from buildledger.api.http.problems import Invalid
from buildledger.api.http.responses import JsonResponse
from buildledger.api.http.routing import api_router
from buildledger.api.models import ledger as models
from buildledger.api.models.limits import POSITION_MAX
from buildledger.projections.reading import PositionAhead

HEAD_AGE = timedelta(seconds=1)
"""A head that was signed so lately is new enough for everybody who doesn't say which position it has to cover."""
TreeSize = Annotated[int, Query(ge=1, le=POSITION_MAX, description="How many facts the earlier tree covers.")]
LaterTreeSize = Annotated[
    int | None, Query(ge=1, le=POSITION_MAX, description="How many facts the tree covers. Default: all there are.")
]
T = TypeVar("T")

router = api_router("ledger")


@router.get("/tree-head")
def read_tree_head(
    deps: Dependencies,
    covering: Annotated[
        int, Query(ge=0, le=POSITION_MAX, description="A position that has to be in it, however new it is.")
    ] = 0,
) -> JsonResponse[models.TreeHead]:
    """The signed root of the Merkle tree over all facts there are, or were a second ago."""
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
    model = models.TreeHead(
        size=head.size,
        root=head.root.hex(),
        signed_at=head.signed_at,
        key_id=head.key_id,
        public_key=head.public_key,
        signature=head.signature,
        text=head.text,
    )
    return JsonResponse(model, position=head.size)


@router.get("/proofs/inclusion")
def prove_inclusion(
    deps: Dependencies,
    position: Annotated[int, Query(ge=1, le=POSITION_MAX, description="The fact to be proven.")],
    tree_size: LaterTreeSize = None,
) -> JsonResponse[models.InclusionProof]:
    """Proof that a fact is in the tree of that size."""
    if tree_size is not None and tree_size < position:
        raise Invalid(f"the tree of {tree_size} facts doesn't have position {position}")
    proof = _proven(deps, max(position, tree_size or 0), lambda: deps.tree.prove_inclusion(position, tree_size))
    model = models.InclusionProof(
        position=proof.position,
        tree_size=proof.size,
        leaf_hash=proof.leaf.hex(),
        path=[node.hex() for node in proof.path],
        root=proof.root.hex(),
    )
    return JsonResponse(model, position=proof.size)


@router.get("/proofs/consistency")
def prove_consistency(
    deps: Dependencies,
    first: TreeSize,
    second: LaterTreeSize = None,
) -> JsonResponse[models.ConsistencyProof]:
    """Proof that the tree of the second size only appended to that of the first."""
    if second is not None and second < first:
        raise Invalid(f"the second size, {second}, is smaller than the first, {first}")
    proof = _proven(deps, max(first, second or 0), lambda: deps.tree.prove_consistency(first, second))
    model = models.ConsistencyProof(
        first_size=proof.old_size,
        second_size=proof.size,
        first_root=proof.old_root.hex(),
        second_root=proof.root.hex(),
        path=[node.hex() for node in proof.path],
    )
    return JsonResponse(model, position=proof.size)


def _proven(deps: ApiDependencies, reaching: int, prove: Callable[[], T]) -> T:
    """Prove once the tree has come that far.

    Raises:
        PositionAhead: the ledger hasn't.
    """
    if reaching > deps.ledger.head():
        raise PositionAhead(reaching, deps.ledger.head())
    deps.tree.catch_up()
    return prove()
