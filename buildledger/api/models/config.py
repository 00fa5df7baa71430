"""The configuration and its revisions."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from buildledger.api.models.scalars import Actor, Cursor, Digest, Moment, Position


class EffectFailure(msgspec.Struct, frozen=True, kw_only=True):
    """A component that could not follow the revision."""

    component: str
    detail: str
    failed_at: Moment


class ConfigRevision(msgspec.Struct, frozen=True, kw_only=True):
    """A configuration that took effect."""

    revision: Annotated[int, Meta(ge=1)]
    digest: Digest
    origin: Annotated[str, Meta(description="The file it was read from.", examples=["buildledger.yaml"])]
    plan: Annotated[list[str], Meta(description="What it created, changed and removed.")]
    applied_by: Actor
    applied_at: Moment
    position: Position
    active: bool
    failures: list[EffectFailure]


class ConfigRevisionPage(msgspec.Struct, frozen=True, kw_only=True):
    """Revisions, newest first."""

    items: list[ConfigRevision]
    next: Cursor
    position: Position


class ConfigDetail(msgspec.Struct, frozen=True, kw_only=True):
    """A revision with all it says; names of secrets, never their values."""

    revision: ConfigRevision
    configuration: Annotated[dict[str, Any], Meta(description="Resolved: templates and matrices are expanded.")]
    position: Position
