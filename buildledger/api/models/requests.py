"""Build requests: what waits, and why."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from buildledger.api.models.scalars import Actor, BuilderName, Cursor, Id, Moment, Position, ResultName, SourceStamp

RequestStatus = Literal["waiting", "claimed", "collapsed", "finished"]
WaitingCode = Literal[
    "builder_not_configured",
    "no_worker_fits",
    "worker_starting",
    "workers_quarantined",
    "no_worker_connected",
    "workers_paused",
    "workers_busy",
    "lock_held",
    "next",
]


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """Why a request waits."""

    code: WaitingCode
    text: Annotated[str, Meta(examples=["all 2 workers that fit are busy"])]
    workers: Annotated[list[str], Meta(description="The workers it speaks of, at the most 20.")]


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """A wish for a build."""

    id: Id
    builder: BuilderName
    position: Position
    status: RequestStatus
    waiting: Annotated[Waiting | None, Meta(description="Why it waits; null when it doesn't.")]
    priority: int
    reason: Annotated[str, Meta(examples=["change on main"])]
    trigger: Annotated[str | None, Meta(examples=["change-widget"])]
    requested_by: Actor
    stamps: list[SourceStamp]
    change_ids: list[Id]
    inputs: dict[str, Any]
    attempts: int
    build_id: Annotated[Id | None, Meta(description="The build that has or answered it.")]
    collapsed_into: Id | None
    rebuild_of: Id | None
    parent_build: Id | None
    result: ResultName | None
    submitted_at: Moment
    finished_at: Moment | None


class RequestPage(msgspec.Struct, frozen=True, kw_only=True):
    """Requests: those that wait in the order of priority and age, all others newest first."""

    items: list[Request]
    next: Cursor
    position: Position


class RequestDetail(msgspec.Struct, frozen=True, kw_only=True):
    """One request."""

    request: Request
    position: Position
