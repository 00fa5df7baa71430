"""The server about itself."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from buildledger.api.models.scalars import Actor, Moment, Position

HealthStatus = Literal["ok", "degraded", "failing"]


class ReaderHealth(msgspec.Struct, frozen=True, kw_only=True):
    """How far a reader of the ledger has come."""

    name: Annotated[str, Meta(description="Which part of the server it is.", examples=["status"])]
    position: Position
    lag: Annotated[int, Meta(ge=0, description="Facts it has not read yet.")]
    status: Annotated[
        Literal["following", "stopped"], Meta(description="`stopped`: it reads nothing more; `error` says why.")
    ]
    error: Annotated[str | None, Meta(description="Why it stopped.")]


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the server does its work."""

    status: Annotated[HealthStatus, Meta(description="`failing` is answered with 503.")]
    position: Annotated[Position, Meta(description="The ledger's head.")]
    readers: Annotated[list[ReaderHealth], Meta(description="Everything that follows the ledger.")]
    problems: Annotated[list[str], Meta(description="What is wrong, a line each.")]


class ServerInfo(msgspec.Struct, frozen=True, kw_only=True):
    """Which server this is."""

    version: Annotated[str, Meta(description="The version of Build Ledger.", examples=["0.1.0"])]
    head_key: Annotated[str, Meta(description="The public key that tree heads are signed with: `name+id+base64`.")]
    connected_workers: Annotated[int, Meta(description="To this process.")]
    position: Position


class ServerEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A server process of this installation."""

    id: Annotated[UUID, Meta(description="The process; another start has another one.")]
    host: Annotated[str, Meta(description="The name of its machine.", examples=["ci-1"])]
    roles: Annotated[list[str], Meta(description="What it may do.", examples=[["api", "gateway", "reactors"]])]
    leads: Annotated[
        list[str], Meta(description="What it does for all servers at the moment.", examples=[["reactors", "pollers"]])
    ]
    alive: Annotated[bool, Meta(description="False: it gives no sign of life, or was held for dead.")]
    since: Annotated[Moment | None, Meta(description="When it began to serve; null: not known, or it is dead.")]
    leads_since: Annotated[
        Moment | None, Meta(description="When it began to lead what it leads; null: nothing, or not known.")
    ]
    lost_at: Annotated[
        Moment | None,
        Meta(description="When it was held for dead; null: it wasn't. It is listed for a day, or until it is back."),
    ]
    answered: Annotated[bool, Meta(description="It is the one that answers this request.")]


class ServerList(msgspec.Struct, frozen=True, kw_only=True):
    """The server processes that share the ledger."""

    items: Annotated[
        list[ServerEntry], Meta(description="The one that answers first, the others by age, then those that died.")
    ]
    position: Position


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What one request may ask for."""

    page_max: Annotated[int, Meta(description="Items in a page of most lists.")]
    builders_page_max: Annotated[int, Meta(description="Items in a page of builders.")]
    log_lines_max: Annotated[int, Meta(description="Lines in a page of a log.")]
    log_search_hits_max: Annotated[int, Meta(description="Hits in a page of a search in a log.")]


class UiConfig(msgspec.Struct, frozen=True, kw_only=True):
    """What the dashboard needs to know before anybody has signed in."""

    title: Annotated[str, Meta(description="The installation's name.", examples=["Build Ledger"])]
    version: Annotated[str, Meta(description="The version of Build Ledger.")]
    sign_in: Annotated[list[Literal["token"]], Meta(description="Ways to sign in.")]
    signed_in: Annotated[bool, Meta(description="A valid token or cookie was shown.")]
    permissions: Annotated[dict[str, bool], Meta(description="What the caller may do.")]
    limits: Annotated[Limits, Meta(description="How much one request may ask for.")]
    position: Annotated[Position, Meta(description="The ledger's head; where to begin with the stream.")]


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """Who is signed in."""

    signed_in: Annotated[bool, Meta(description="A valid token or cookie was shown.")]
    actor: Annotated[Actor | None, Meta(description="Who that is; null: nobody.")]
    expires_at: Annotated[
        Moment | None, Meta(description="When the cookie ends; null: the token itself was shown, or nothing.")
    ]


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """Why a request was not answered as asked (RFC 9457)."""

    type: Annotated[
        str,
        Meta(
            description="Names the kind of problem: the code as a URN.",
            examples=["urn:buildledger:problem:build_finished"],
        ),
    ]
    title: Annotated[str, Meta(description="What kind of problem it is, for people.")]
    status: Annotated[int, Meta(description="The HTTP status of the answer.")]
    detail: Annotated[str, Meta(description="What is wrong with this request, for people.")]
    code: Annotated[str, Meta(description="Stable; `docs/errors.md` explains it.", examples=["build_finished"])]
    instance: Annotated[str, Meta(description="The path that was asked for.")]
    errors: Annotated[list[dict[str, Any]], Meta(description="For invalid input: where, and what is wrong.")]
