"""Commits, and the sources they come from."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from buildledger.api.models.pipelines import RevisionPipeline
from buildledger.api.models.scalars import (
    BranchName,
    BuilderName,
    Cursor,
    Id,
    Moment,
    Person,
    Position,
    ResultName,
    Revision,
    SourceName,
)


class ChangedFile(msgspec.Struct, frozen=True, kw_only=True):
    """One path that a commit touched."""

    path: Annotated[str, Meta(description="The path in the repository.", examples=["src/widget.py"])]
    kind: Annotated[
        str,
        Meta(description="What happened to it: `added`, `modified` or `deleted`.", examples=["modified"]),
    ]


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """A commit. Its message and the people's words are null once they are erased, or were altered."""

    id: Annotated[Id, Meta(description="Names the commit in addresses.")]
    source: SourceName
    repository: Annotated[str, Meta(description="Address of the repository it was found in.")]
    branch: Annotated[BranchName, Meta(description="The branch on which it was first seen.")]
    revision: Revision
    parents: Annotated[list[Revision], Meta(description="Full hashes of its parents.")]
    position: Position
    author: Annotated[Person, Meta(description="Who wrote it.")]
    committer: Annotated[Person, Meta(description="Who committed it.")]
    co_authors: Annotated[list[Person], Meta(description="Those whom its message names as co-authors.")]
    subject: Annotated[str | None, Meta(description="The message's first line.", examples=["Fix the widget"])]
    message: Annotated[str | None, Meta(description="The whole message; null if it is `erased` or `altered`.")]
    erased: Annotated[bool, Meta(description="The message was there once and has been erased.")]
    altered: Annotated[
        bool, Meta(description="What stands in the vault isn't the message that was recorded, so it isn't shown.")
    ]
    file_count: Annotated[int, Meta(description="How many paths it touched.")]
    link: Annotated[str | None, Meta(description="A page about it on its host; null: none is known.")]
    historic: Annotated[bool, Meta(description="It was there before the source was configured.")]
    committed_at: Annotated[Moment, Meta(description="As the commit says.")]
    recorded_at: Annotated[Moment, Meta(description="When it was first seen, in UTC.")]


class ChangePage(msgspec.Struct, frozen=True, kw_only=True):
    """Commits, the last seen first."""

    items: Annotated[list[Change], Meta(description="The commits of this page.")]
    next: Cursor
    position: Position


class ChangeList(msgspec.Struct, frozen=True, kw_only=True):
    """Commits, all there are."""

    items: Annotated[list[Change], Meta(description="The commits.")]
    position: Position


class ChangeDetail(msgspec.Struct, frozen=True, kw_only=True):
    """A commit with its files."""

    change: Annotated[Change, Meta(description="The commit.")]
    files: Annotated[list[ChangedFile], Meta(description="Up to the number that is stored; see `file_count`.")]
    position: Position


class Branch(msgspec.Struct, frozen=True, kw_only=True):
    """Where a branch stands."""

    name: BranchName
    revision: Revision
    forced: Annotated[bool, Meta(description="Its last move left commits behind.")]
    moved_at: Annotated[Moment, Meta(description="When its last move was recorded, in UTC.")]
    position: Position


class Outage(msgspec.Struct, frozen=True, kw_only=True):
    """Why a source can't be read."""

    cause: Annotated[str, Meta(description="What kind of failure it is.", examples=["auth"])]
    detail: Annotated[str, Meta(description="What went wrong, for people.")]
    since: Annotated[Moment, Meta(description="Since when, in UTC.")]


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """A repository."""

    name: SourceName
    configured: Annotated[bool, Meta(description="False: only history speaks of it.")]
    kind: Annotated[
        Literal["git"] | None, Meta(description="The version-control system; null: only history speaks of the source.")
    ]
    url: Annotated[str | None, Meta(description="The repository's address; null: only history speaks of the source.")]
    default_branch: Annotated[
        str | None,
        Meta(
            description="What is built when nobody names a branch: as the configuration says, else where the"
            " repository's HEAD points; null: neither is known."
        ),
    ]
    pipeline_path: Annotated[
        str | None,
        Meta(
            description="The file in which its repository says itself what is built; null: it may define nothing.",
            examples=[".buildledger.yaml"],
        ),
    ]
    outage: Annotated[Outage | None, Meta(description="Why it can't be read at the moment; null: it can.")]
    branches: Annotated[list[Branch], Meta(description="The branches that exist, by name.")]


class SourceList(msgspec.Struct, frozen=True, kw_only=True):
    """All sources, by name."""

    items: Annotated[list[Source], Meta(description="The sources.")]
    position: Position


class PersonPage(msgspec.Struct, frozen=True, kw_only=True):
    """Claims about people, the last seen first."""

    items: Annotated[list[Person], Meta(description="The claims of this page.")]
    next: Cursor
    position: Position


class UpstreamBuild(msgspec.Struct, frozen=True, kw_only=True):
    """Where a builder whose success is awaited stands with a change."""

    builder: BuilderName
    status: Annotated[
        Literal["waiting", "claimed", "collapsed", "finished"] | None,
        Meta(description="Where its newest request for the change stands; null: nobody has requested it."),
    ]
    build_id: Annotated[Id | None, Meta(description="Its build; null: it has none yet.")]
    number: Annotated[int | None, Meta(description="The build's number; null: it has none yet.")]
    result: Annotated[ResultName | None, Meta(description="How it ended; null: it hasn't.")]
    revision: Annotated[
        str | None,
        Meta(description="What it builds of the change's source: another revision, if newer commits came along."),
    ]


class TriggerAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What one trigger made of a change for one builder."""

    trigger: Annotated[str, Meta(description="The trigger, by its name.", examples=["change-widget"])]
    builder: BuilderName
    branch: Annotated[str, Meta(description="The branch on which the change was seen.")]
    code: Annotated[
        Literal[
            "requested",
            "historic",
            "branch",
            "first_sight",
            "when",
            "settling",
            "not_requested",
            "upstream_awaited",
            "upstream_failed",
            "upstream_not_built",
            "upstream_apart",
            "if",
        ],
        Meta(
            description="`requested`: see `status`; `historic`: older than the source's configuration; `branch`,"
            " `first_sight`, `when` and `if`: filtered by that; `settling`: its branch has to be quiet first; the"
            " others are of success triggers, see `upstream`: a builder is awaited, failed, has no build of the change,"
            " or those that succeeded had different revisions."
        ),
    ]
    text: Annotated[str, Meta(description="The answer, for people.")]
    condition: Annotated[str | None, Meta(description="The part of `when` or `if` that doesn't hold; else null.")]
    request_id: Annotated[Id | None, Meta(description="The request; null: none was made.")]
    status: Annotated[
        Literal["waiting", "claimed", "collapsed", "finished"] | None,
        Meta(description="Where the request stands; null: there is none."),
    ]
    build_id: Annotated[Id | None, Meta(description="The build that has or answered the request; null: none.")]
    result: Annotated[ResultName | None, Meta(description="How the request ended; null: it hasn't, or there is none.")]
    upstream: Annotated[
        list[UpstreamBuild],
        Meta(description="Of a success trigger that has requested nothing: the builders whose success it needs."),
    ]


class ChangeAnswers(msgspec.Struct, frozen=True, kw_only=True):
    """Why a change was built, or not: an answer for each trigger that it may come to, and each of its builders.

    Those are the triggers of its source, and the success triggers that follow their builders.
    """

    change_id: Annotated[Id, Meta(description="The change.")]
    revision: Revision
    config_revision: Annotated[
        int | None,
        Meta(description="The configuration that was in force when it was seen; null: none that is readable."),
    ]
    answers: Annotated[list[TriggerAnswer], Meta(description="By trigger, builder and branch; empty: nothing watches.")]
    pipeline: Annotated[
        RevisionPipeline | None,
        Meta(description="The file of the revision; null: the repository may define nothing itself."),
    ]
    position: Position
