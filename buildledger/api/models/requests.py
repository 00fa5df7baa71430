"""Build requests: what waits, and why."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from buildledger.api.models.locks import LockHolder
from buildledger.api.models.scalars import Actor, BuilderName, Cursor, Id, Moment, Position, ResultName, SourceStamp
from buildledger.config.evaluation import wait_reason

RequestStatus = Literal["waiting", "claimed", "collapsed", "finished"]


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """Why a request waits."""

    code: Annotated[wait_reason.Code, Meta(description="The reason, for programs.")]
    text: Annotated[str, Meta(description="The reason, for people.", examples=["all 2 workers that fit are busy"])]
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


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """Why a request was cancelled, is answered by the build of another, or waits once more."""

    code: Annotated[
        Literal["cancelled", "collapsed", "returned"],
        Meta(description="`collapsed`: a newer request stands for it; `returned`: its build was lost, so it waits."),
    ]
    text: Annotated[str, Meta(description="The reason, for people.", examples=["cancelled by hand"])]
    by: Annotated[Actor, Meta(description="Who or what decided it.")]
    at: Annotated[Moment, Meta(description="When it was decided, in UTC.")]


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """A request for a build."""

    id: Annotated[Id, Meta(description="Names the request in addresses.")]
    builder: BuilderName
    position: Position
    status: Annotated[
        RequestStatus, Meta(description="`claimed`: a build has it; `collapsed`: another request stands for it too.")
    ]
    waiting: Annotated[Waiting | None, Meta(description="Why it waits; null when it doesn't.")]
    priority: Annotated[int, Meta(description="Higher is sooner.")]
    reason: Annotated[str, Meta(description="Why it was made.", examples=["change on main"])]
    trigger: Annotated[
        str | None,
        Meta(description="The trigger that made it, or that allows it; null: none.", examples=["change-widget"]),
    ]
    requested_by: Annotated[Actor, Meta(description="Who or what made it.")]
    stamps: Annotated[list[SourceStamp], Meta(description="What is to be built, one entry for each source.")]
    change_ids: Annotated[list[Id], Meta(description="The commits that caused it.")]
    inputs: Annotated[dict[str, Any], Meta(description="Values of the builder's inputs, by name.")]
    attempts: Annotated[int, Meta(description="How many builds it has had so far.")]
    build_id: Annotated[Id | None, Meta(description="The build that has or answered it.")]
    collapsed_into: Annotated[Id | None, Meta(description="The request that stands for it too; null: none.")]
    rebuild_of: Annotated[Id | None, Meta(description="The build that it asks to repeat; null: none.")]
    parent_build: Annotated[Id | None, Meta(description="The build whose success or step made it; null: none.")]
    parent_step: Annotated[
        int | None, Meta(description="The step of that build that generated the builder, from 0; null: none did.")
    ]
    result: Annotated[ResultName | None, Meta(description="How it ended; null before.")]
    submitted_at: Annotated[Moment, Meta(description="When it was made, in UTC.")]
    finished_at: Annotated[Moment | None, Meta(description="When it ended; null before.")]
    explanation: Annotated[
        Explanation | None,
        Meta(description="Why it has no build of its own, or not yet again; null: it wasn't taken out of turn."),
    ]


class RequestPage(msgspec.Struct, frozen=True, kw_only=True):
    """Requests: those that wait in the order of priority and age, all others newest first."""

    items: Annotated[list[Request], Meta(description="The requests of this page.")]
    next: Cursor
    position: Position


class RequestDetail(msgspec.Struct, frozen=True, kw_only=True):
    """One request."""

    request: Annotated[Request, Meta(description="The request.")]
    position: Position
