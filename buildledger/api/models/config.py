"""The configuration and its revisions."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from buildledger.api.models.scalars import Actor, Cursor, Digest, Moment, Position


class EffectFailure(msgspec.Struct, frozen=True, kw_only=True):
    """A component that could not follow the revision."""

    component: Annotated[str, Meta(description="The part of the server.")]
    detail: Annotated[str, Meta(description="What went wrong.")]
    failed_at: Annotated[Moment, Meta(description="When it failed, in UTC.")]


class ConfigRevision(msgspec.Struct, frozen=True, kw_only=True):
    """A configuration that took effect."""

    revision: Annotated[int, Meta(description="Counts the configurations that took effect, from 1.", ge=1)]
    digest: Digest
    origin: Annotated[str, Meta(description="The file it was read from.", examples=["buildledger.yaml"])]
    plan: Annotated[list[str], Meta(description="What it created, changed and removed.")]
    applied_by: Annotated[Actor, Meta(description="Who put it in force.")]
    applied_at: Annotated[Moment, Meta(description="When it took effect, in UTC.")]
    position: Position
    active: Annotated[bool, Meta(description="It is in force.")]
    failures: Annotated[list[EffectFailure], Meta(description="Parts of the server that couldn't follow it.")]


class ConfigRevisionPage(msgspec.Struct, frozen=True, kw_only=True):
    """Revisions, newest first."""

    items: Annotated[list[ConfigRevision], Meta(description="The revisions of this page.")]
    next: Cursor
    position: Position


class ConfigDetail(msgspec.Struct, frozen=True, kw_only=True):
    """A revision with all it says; names of secrets, never their values."""

    revision: Annotated[ConfigRevision, Meta(description="Which revision it is.")]
    configuration: Annotated[dict[str, Any], Meta(description="Resolved: templates and matrices are expanded.")]
    position: Position
