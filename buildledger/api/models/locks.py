"""Waiting for locks."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from buildledger.api.models.scalars import BuilderName, Id, Moment


class LockHolder(msgspec.Struct, frozen=True, kw_only=True):
    """A build that holds a lock, until it or its running step ends."""

    build_id: Annotated[Id, Meta(description="Names the build in addresses.")]
    builder: BuilderName
    number: Annotated[int, Meta(ge=1, description="Counts the builds of its builder.", examples=[12])]


class LockWait(msgspec.Struct, frozen=True, kw_only=True):
    """What a step waits for that hasn't got its locks yet."""

    text: Annotated[
        str, Meta(description="What it waits for, for people.", examples=["waits for lock database, held by tests #12"])
    ]
    lock: Annotated[str, Meta(description="The first lock that it can't have for the moment.", examples=["database"])]
    held_by: Annotated[
        list[LockHolder], Meta(description="The builds that hold something of the lock, at the most 20.")
    ]
    since: Annotated[Moment, Meta(description="When it began to wait, in UTC.")]
