"""Facts about build requests."""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec

from buildledger.events.fact import Fact
from buildledger.events.ids import BuildId, ChangeId, RequestId
from buildledger.events.results import Result


class SourceStamp(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What to check out of one source."""

    source: str
    """By its configured name."""
    repository: str
    """Its address."""
    branch: str
    """Its name; it stands in messages and expressions, and is built where there is no revision."""
    revision: str | None = None
    """None: whatever the branch holds when the build starts."""


class RequestSubmittedV1(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """A build was asked for, at a time when a request had one source only."""

    NAME: ClassVar[str] = "request.submitted.v1"

    builder: str
    source: str
    repository: str
    branch: str
    revision: str | None = None
    changes: tuple[ChangeId, ...] = ()
    reason: str
    requested_by: str

    def upcast(self) -> RequestSubmitted:
        """One source becomes a stamp; what was decided elsewhere then takes its default."""
        stamp = SourceStamp(source=self.source, repository=self.repository, branch=self.branch, revision=self.revision)
        return RequestSubmitted(
            builder=self.builder,
            stamps=(stamp,),
            changes=self.changes,
            reason=self.reason,
            requested_by=self.requested_by,
            config_digest="",
        )


class RequestSubmitted(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """A build was asked for."""

    NAME: ClassVar[str] = "request.submitted.v2"

    builder: str
    """By name; in a matrix, of the cell."""
    stamps: tuple[SourceStamp, ...]
    """What is to be checked out, by source."""
    changes: tuple[ChangeId, ...] = ()
    """The changes that caused it, oldest first; empty when it was forced."""
    reason: str
    """Why, in a few machine words: `change on main`, `forced`, `cron`, `after tests #12`, `rebuild of …`."""
    trigger: str | None = None
    """The configured trigger, by its place in the file (`triggers[2]`); None when a person or a step asked."""
    requested_by: str
    """The actor who asked; the same form as in the metadata."""
    priority: int = 0
    """Higher is sooner."""
    inputs: dict[str, Any] = msgspec.field(default_factory=dict)
    """Typed inputs of a manual trigger; JSON values, never secrets."""
    config_digest: str
    """The configuration it was asked under; SHA-256 in hex."""
    pipeline: str | None = None
    """The digest of the repository's pipeline that has the builder; None: the configuration has it."""
    collapse_key: str | None = None
    """Queued requests of the same builder with the same key may be served by one build; None: never."""
    parent_build: BuildId | None = None
    """The build whose success, or one of whose steps, asked for it; None: something else did."""
    parent_step: int | None = None
    """The step of that build that generated the builder, by its index from 0; None: its success asked for it."""
    rebuild_of: BuildId | None = None
    """The build that is to be repeated; None: none is."""


class RequestPrioritised(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """A waiting request was given another priority."""

    NAME: ClassVar[str] = "request.prioritised.v1"

    priority: int
    """Higher is sooner."""


class RequestClaimed(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """A build took the request; the build's own stream begins in the same transaction."""

    NAME: ClassVar[str] = "request.claimed.v1"

    build_id: BuildId
    """The build that took it."""
    attempt: int
    """From 1; counts the builds this request has had."""


class RequestCollapsed(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """The request will be served by a newer request's build."""

    NAME: ClassVar[str] = "request.collapsed.v1"

    into: RequestId
    """The newer request."""


class RequestReturned(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """The build was lost to infrastructure and the request waits again."""

    NAME: ClassVar[str] = "request.returned.v1"

    build_id: BuildId
    """The build that was lost."""
    reason: str
    """How, for people."""


class RequestFinished(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """The request is answered, by a build, by being cancelled, or by running out of retries."""

    NAME: ClassVar[str] = "request.finished.v1"

    result: Result
    """That of the build; without one, why there is none: cancelled, …"""
    build_id: BuildId | None = None
    """The build that answered it; None when it never had one."""
    reason: str = ""
    """Why without a build, for people."""
