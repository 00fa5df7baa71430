"""Values that occur in many answers, each described once."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

Position = Annotated[int, Meta(ge=0, description="A place in the ledger; 0 is before the first fact.", examples=[4711])]
Moment = Annotated[datetime, Meta(tz=True, description="A time in UTC.", examples=["2026-11-22T10:15:00Z"])]
BuilderName = Annotated[
    str, Meta(description="A builder, or one cell of its matrix.", examples=["tests[3.12,linux]", "package"])
]
WorkerName = Annotated[str, Meta(description="The worker's name.", examples=["linux-1"])]
SourceName = Annotated[str, Meta(description="The source's name.", examples=["widget"])]
Revision = Annotated[
    str, Meta(description="A commit's full hash.", examples=["6f1ed002ab5595859014ebf0951522d9d3a1c5a8"])
]
BranchName = Annotated[str, Meta(description="The branch's name.", examples=["main"])]
Id = Annotated[UUID, Meta(examples=["0b5f6c1e-6e4c-5d0a-9f0e-3d8f5b1f2c11"])]
Digest = Annotated[str, Meta(description="SHA-256 in hex.", pattern="^([0-9a-f]{64})?$")]
ResultName = Literal["success", "warnings", "failure", "skipped", "exception", "retry", "cancelled"]
Cursor = Annotated[
    str | None,
    Meta(description="Give it as `cursor` to get the next page; null on the last.", examples=["WyJidWlsZHMiLDQ3XQ"]),
]


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody as a claim names them; words that were erased or altered are null."""

    claim_id: Annotated[Id, Meta(description="Names the claim: the same name and address always have the same.")]
    kind: Annotated[str, Meta(description="`git.author`, `email`, `local`, …; empty if the claim isn't known yet.")]
    text: Annotated[
        str | None, Meta(description="The claim as it was written.", examples=["Jane Doe <jane@example.org>"])
    ]
    name: Annotated[str | None, Meta(description="The part of it that is a name.", examples=["Jane Doe"])]
    erased: Annotated[bool, Meta(description="The words were there once and have been erased.")]
    altered: Annotated[bool, Meta(description="What stands in the vault isn't what was recorded, so it isn't shown.")]


class Actor(msgspec.Struct, frozen=True, kw_only=True):
    """Who asked for something: a person, a worker or a part of the server."""

    kind: Annotated[
        Literal["user", "worker", "reactor", "poller", "system"],
        Meta(description="What asked: a person (`user`), a worker, or a part of the server."),
    ]
    id: Annotated[str, Meta(description="The form in which facts name the actor.", examples=["reactor:triggering"])]
    label: Annotated[str, Meta(description="For people.", examples=["triggering"])]


class SourceStamp(msgspec.Struct, frozen=True, kw_only=True):
    """What of one source is built."""

    source: SourceName
    repository: Annotated[str, Meta(description="The repository's address.")]
    branch: BranchName
    revision: Annotated[Revision | None, Meta(description="What was asked for; null: whatever the branch held.")]
    obtained: Annotated[Revision | None, Meta(description="What the checkout really got; null before it.")]


class BuildRef(msgspec.Struct, frozen=True, kw_only=True):
    """A build, as briefly as it can be named."""

    id: Annotated[Id, Meta(description="Names the build in addresses.")]
    builder: BuilderName
    number: Annotated[int, Meta(ge=1, description="Counts the builds of its builder.", examples=[12])]
    result: Annotated[ResultName | None, Meta(description="How it ended; null while it runs.")]
    assigned_at: Annotated[Moment, Meta(description="When it was assigned to its worker, in UTC.")]
    finished_at: Annotated[Moment | None, Meta(description="When it ended; null while it runs.")]
