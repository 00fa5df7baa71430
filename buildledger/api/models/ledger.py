"""The ledger itself: facts, tree heads and proofs."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from buildledger.api.models.scalars import Actor, Cursor, Id, Moment, Position


class Fact(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened."""

    position: Annotated[int, Meta(ge=1, examples=[4711])]
    stream_id: Id
    version: Annotated[int, Meta(ge=1, description="Place in its own stream.")]
    name: Annotated[str, Meta(examples=["build.finished.v1"])]
    recorded_at: Moment
    actor: Actor
    command_id: Id
    causation_id: Id | None
    correlation_id: Id | None
    data: Annotated[dict[str, Any], Meta(examples=[{"result": "success"}])]


class FactPage(msgspec.Struct, frozen=True, kw_only=True):
    """Facts in the order of the ledger, or backwards."""

    items: list[Fact]
    next: Cursor
    position: Annotated[Position, Meta(description="The ledger's head.")]


class FactDetail(msgspec.Struct, frozen=True, kw_only=True):
    """A fact with the bytes that are hashed."""

    fact: Fact
    stored: Annotated[str, Meta(description="The stored bytes, as text: exactly what the leaf hash covers.")]
    leaf_hash: Annotated[str, Meta(description="RFC 6962 leaf hash in hex.")]
    position: Annotated[Position, Meta(description="The ledger's head.")]


class PositionAt(msgspec.Struct, frozen=True, kw_only=True):
    """The last position that was recorded at or before a time."""

    position: Position
    recorded_at: Moment | None


class TreeHead(msgspec.Struct, frozen=True, kw_only=True):
    """A signed statement of all facts up to a position."""

    size: Annotated[int, Meta(ge=0, description="How many facts it covers: positions 1 to this.")]
    root: Annotated[str, Meta(description="Root of the Merkle tree in hex.")]
    signed_at: Moment
    key_id: str
    public_key: Annotated[str, Meta(description="Ed25519 public key, base64.")]
    signature: Annotated[str, Meta(description="Over `text`, base64.")]
    text: Annotated[str, Meta(description="What is signed: the key's name, the size, the root, the time.")]


class InclusionProof(msgspec.Struct, frozen=True, kw_only=True):
    """That a fact is in a tree."""

    position: Annotated[int, Meta(ge=1, examples=[4711])]
    tree_size: int
    leaf_hash: str
    path: Annotated[list[str], Meta(description="Hashes from the leaf to the root, in hex.")]
    root: str


class ConsistencyProof(msgspec.Struct, frozen=True, kw_only=True):
    """That a later tree only appended to an earlier one."""

    first_size: int
    second_size: int
    first_root: str
    second_root: str
    path: list[str]
