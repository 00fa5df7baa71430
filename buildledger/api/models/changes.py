"""Commits, and the sources they come from."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from buildledger.api.models.scalars import BranchName, Cursor, Id, Moment, Person, Position, Revision, SourceName


class ChangedFile(msgspec.Struct, frozen=True, kw_only=True):
    """One path that a commit touched."""

    path: Annotated[str, Meta(examples=["src/widget.py"])]
    kind: Annotated[str, Meta(examples=["modified"])]


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """A commit. Its message and the people's words are null once they are erased."""

    id: Id
    source: SourceName
    repository: str
    branch: Annotated[BranchName, Meta(description="The branch on which it was first seen.")]
    revision: Revision
    parents: list[Revision]
    position: Position
    author: Person
    committer: Person
    co_authors: list[Person]
    subject: Annotated[str | None, Meta(description="The message's first line.", examples=["Fix the widget"])]
    message: str | None
    erased: Annotated[bool, Meta(description="The message was there once and has been erased.")]
    file_count: int
    link: str | None
    historic: Annotated[bool, Meta(description="It was there before the source was configured.")]
    committed_at: Annotated[Moment, Meta(description="As the commit says.")]
    recorded_at: Moment


class ChangePage(msgspec.Struct, frozen=True, kw_only=True):
    """Commits, the last seen first."""

    items: list[Change]
    next: Cursor
    position: Position


class ChangeList(msgspec.Struct, frozen=True, kw_only=True):
    """Commits, all there are."""

    items: list[Change]
    position: Position


class ChangeDetail(msgspec.Struct, frozen=True, kw_only=True):
    """A commit with its files."""

    change: Change
    files: Annotated[list[ChangedFile], Meta(description="Up to the number that is stored; see `file_count`.")]
    position: Position


class Branch(msgspec.Struct, frozen=True, kw_only=True):
    """Where a branch stands."""

    name: BranchName
    revision: Revision
    forced: Annotated[bool, Meta(description="Its last move left commits behind.")]
    moved_at: Moment
    position: Position


class Outage(msgspec.Struct, frozen=True, kw_only=True):
    """Why a source can't be read."""

    cause: Annotated[str, Meta(examples=["auth"])]
    detail: str
    since: Moment


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """A repository."""

    name: SourceName
    configured: Annotated[bool, Meta(description="False: only history speaks of it.")]
    kind: Literal["git"] | None
    url: str | None
    default_branch: str | None
    outage: Outage | None
    branches: list[Branch]


class SourceList(msgspec.Struct, frozen=True, kw_only=True):
    """All sources, by name."""

    items: list[Source]
    position: Position


class PersonPage(msgspec.Struct, frozen=True, kw_only=True):
    """Claims about people, the last seen first."""

    items: list[Person]
    next: Cursor
    position: Position
