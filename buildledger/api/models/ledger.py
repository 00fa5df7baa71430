"""The ledger itself: facts, tree heads and proofs."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from buildledger.api.models.limits import LISTED_CHARACTERS
from buildledger.api.models.scalars import Actor, Cursor, Id, Moment, Position


class Fact(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened."""

    position: Annotated[int, Meta(description="Its place in the ledger, from 1.", ge=1, examples=[4711])]
    stream_id: Annotated[Id, Meta(description="The thing that it happened to: a build, a request, a worker, …")]
    version: Annotated[int, Meta(ge=1, description="Place in its own stream.")]
    name: Annotated[
        str, Meta(description="What happened, with the version of its format.", examples=["build.finished.v1"])
    ]
    recorded_at: Annotated[Moment, Meta(description="When it was recorded, in UTC.")]
    actor: Annotated[Actor, Meta(description="Who or what caused it.")]
    command_id: Annotated[Id, Meta(description="The command that decided it.")]
    causation_id: Annotated[Id | None, Meta(description="The fact or command that led to that command; null: none.")]
    correlation_id: Annotated[
        Id | None, Meta(description="Shared by everything that one request led to; null: it belongs to nothing larger.")
    ]
    data: Annotated[
        dict[str, Any],
        Meta(description="The fact itself; its fields depend on its name.", examples=[{"result": "success"}]),
    ]
    left_out: Annotated[
        list[str],
        Meta(
            description="Fields of `data` that are empty in lists and streams because they have more than "
            f"{LISTED_CHARACTERS:,} characters, as a large configuration has: `GET /facts/{{position}}` has them."
        ),
    ]


class FactPage(msgspec.Struct, frozen=True, kw_only=True):
    """Facts in the order of the ledger, or backwards."""

    items: Annotated[list[Fact], Meta(description="The facts of this page.")]
    next: Cursor
    position: Annotated[Position, Meta(description="The ledger's head.")]


class FactDetail(msgspec.Struct, frozen=True, kw_only=True):
    """A fact with the bytes that are hashed."""

    fact: Annotated[Fact, Meta(description="The fact.")]
    stored: Annotated[str, Meta(description="The stored bytes, as text: exactly what the leaf hash covers.")]
    leaf_hash: Annotated[str, Meta(description="RFC 6962 leaf hash in hex.")]
    position: Annotated[Position, Meta(description="The ledger's head.")]


class PositionAt(msgspec.Struct, frozen=True, kw_only=True):
    """The last position that was recorded at or before a time."""

    position: Position
    recorded_at: Annotated[
        Moment | None,
        Meta(description="When the fact at that position was recorded; null: there is none before that time."),
    ]


class TreeHead(msgspec.Struct, frozen=True, kw_only=True):
    """A signed statement of all facts up to a position."""

    size: Annotated[int, Meta(ge=0, description="How many facts it covers: positions 1 to this.")]
    root: Annotated[str, Meta(description="Root of the Merkle tree in hex.")]
    signed_at: Annotated[Moment, Meta(description="When it was signed, in UTC.")]
    key_id: Annotated[str, Meta(description="Names the key that signed it: its name and a hash of it.")]
    public_key: Annotated[str, Meta(description="Ed25519 public key, base64.")]
    signature: Annotated[str, Meta(description="Over `text`, base64.")]
    text: Annotated[str, Meta(description="What is signed: the key's name, the size, the root, the time.")]


class InclusionProof(msgspec.Struct, frozen=True, kw_only=True):
    """That a fact is in a tree."""

    position: Annotated[int, Meta(description="The fact that is proven to be in the tree.", ge=1, examples=[4711])]
    tree_size: Annotated[int, Meta(description="How many facts the tree covers.")]
    leaf_hash: Annotated[str, Meta(description="RFC 6962 leaf hash of the fact, in hex.")]
    path: Annotated[list[str], Meta(description="Hashes from the leaf to the root, in hex.")]
    root: Annotated[str, Meta(description="Root of the tree, in hex.")]


class ConsistencyProof(msgspec.Struct, frozen=True, kw_only=True):
    """That a later tree only appended to an earlier one."""

    first_size: Annotated[int, Meta(description="How many facts the earlier tree covers.")]
    second_size: Annotated[int, Meta(description="How many facts the later tree covers.")]
    first_root: Annotated[str, Meta(description="Root of the earlier tree, in hex.")]
    second_root: Annotated[str, Meta(description="Root of the later tree, in hex.")]
    path: Annotated[
        list[str], Meta(description="Hashes that lead from the earlier root to the later one (RFC 6962), in hex.")
    ]
