"""Build requests: what waits, and why."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from buildledger.api.models.scalars import Actor, BuilderName, Cursor, Id, Moment, Position, ResultName, SourceStamp
from buildledger.config import wait_reason

RequestStatus = Literal["waiting", "claimed", "collapsed", "finished"]


class LockHolder(msgspec.Struct, frozen=True, kw_only=True):
    """A build that holds a lock until it ends."""

    build_id: Id
    builder: BuilderName
    number: Annotated[int, Meta(ge=1, description="Counts the builds of its builder.", examples=[12])]


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """Why a request waits."""

    code: wait_reason.Code
    text: Annotated[str, Meta(examples=["all 2 workers that fit are busy"])]
    workers: Annotated[list[str], Meta(description="The workers it speaks of, at the most 20.")]
    condition: Annotated[
        str | None,
        Meta(
            description="The part of the builder's `worker` condition that no worker meets; else null.",
            examples=["worker.labels.os == 'linux'"],
        ),
    ]
    lock: Annotated[
        str | None,
        Meta(description="A lock that the build can't have for the moment; else null.", examples=["database"]),
    ]
    held_by: Annotated[
        list[LockHolder], Meta(description="The builds that hold something of the lock, at the most 20.")
    ]


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
