"""The server about itself."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from buildledger.api.models.scalars import Actor, Moment, Position

HealthStatus = Literal["ok", "degraded", "failing"]


class ReaderHealth(msgspec.Struct, frozen=True, kw_only=True):
    """How far a reader of the ledger has come."""

    name: Annotated[str, Meta(examples=["status"])]
    position: Position
    lag: Annotated[int, Meta(ge=0, description="Facts it has not read yet.")]
    status: Literal["following", "stopped"]
    error: Annotated[str | None, Meta(description="Why it stopped.")]


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the server does its work."""

    status: Annotated[HealthStatus, Meta(description="`failing` is answered with 503.")]
    position: Annotated[Position, Meta(description="The ledger's head.")]
    readers: list[ReaderHealth]
    problems: Annotated[list[str], Meta(description="What is wrong, a line each.")]


class ServerInfo(msgspec.Struct, frozen=True, kw_only=True):
    """Which server this is."""

    version: Annotated[str, Meta(examples=["0.1.0"])]
    head_key: Annotated[str, Meta(description="The public key that tree heads are signed with: `name+id+base64`.")]
    connected_workers: Annotated[int, Meta(description="To this process.")]
    position: Position


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What one request may ask for."""

    page_max: int
    builders_page_max: int
    log_lines_max: int
    log_search_hits_max: int


class UiConfig(msgspec.Struct, frozen=True, kw_only=True):
    """What the dashboard needs to know before anybody has signed in."""

    title: Annotated[str, Meta(examples=["Build Ledger"])]
    version: str
    sign_in: Annotated[list[Literal["token"]], Meta(description="Ways to sign in.")]
    signed_in: bool
    permissions: Annotated[dict[str, bool], Meta(description="What the caller may do.")]
    limits: Limits
    position: Annotated[Position, Meta(description="The ledger's head; where to begin with the stream.")]


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """Who is signed in."""

    signed_in: bool
    actor: Actor | None
    expires_at: Moment | None


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """Why a request was not answered as asked (RFC 9457)."""

    type: Annotated[str, Meta(examples=["urn:buildledger:problem:build_finished"])]
    title: str
    status: int
    detail: str
    code: Annotated[str, Meta(description="Stable; `docs/errors.md` explains it.", examples=["build_finished"])]
    instance: str
    errors: Annotated[list[dict[str, Any]], Meta(description="For invalid input: where, and what is wrong.")]
