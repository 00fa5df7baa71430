"""What is answered of the files in which repositories say themselves what is built."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from buildledger.api.models.scalars import BranchName, BuilderName, Cursor, Id, Moment, Position, Revision, SourceName

PipelineOutcome = Literal["read", "rejected", "missing", "unread", "excluded"]


class PipelineProblem(msgspec.Struct, frozen=True, kw_only=True):
    """Something that is wrong with the file."""

    line: Annotated[int, Meta(description="From 1; 0: it is the file as a whole.")]
    column: Annotated[int, Meta(description="From 1.")]
    code: Annotated[str, Meta(description="One of the configuration's codes.", examples=["grant"])]
    severity: Annotated[Literal["error", "warning"], Meta(description="A warning alone refuses nothing.")]
    text: Annotated[str, Meta(description="All of it, with its place, for people.")]


class RevisionPipeline(msgspec.Struct, frozen=True, kw_only=True):
    """What came of the file of a revision."""

    path: Annotated[str, Meta(description="Of the file, in the repository.", examples=[".buildledger.yaml"])]
    outcome: Annotated[
        PipelineOutcome,
        Meta(
            description="`read`: it is built by; `rejected`: something is wrong with it, see `problems`; `missing`:"
            " there is no such file; `unread`: nobody has looked (yet), as only heads of branches are read; `excluded`:"
            " it isn't read, for the files of its branches don't count."
        ),
    ]
    text: Annotated[str, Meta(description="The outcome, for people.")]
    builders: Annotated[list[BuilderName], Meta(description="What it defines, matrices expanded; empty if not `read`.")]
    problems: Annotated[list[PipelineProblem], Meta(description="In the order of the file; empty if not `rejected`.")]


class PipelineGrants(msgspec.Struct, frozen=True, kw_only=True):
    """What the central configuration lets the file of a repository define: its `repo_pipelines`."""

    path: Annotated[str, Meta(description="Of the file, in the repository.", examples=[".buildledger.yaml"])]
    branches: Annotated[list[str], Meta(description="Patterns of the branches whose files count.", examples=[["**"]])]
    may_define: Annotated[list[str], Meta(description="Sections, and keys of builders.", examples=[["builders"]])]
    config_from: Annotated[Literal["base", "head"], Meta(description="Whose file counts for a build by hand.")]
    secrets: Annotated[list[str], Meta(description="Names of secrets that its builders may use.")]
    locks: Annotated[list[str], Meta(description="Locks that they may take.")]
    sources: Annotated[list[str], Meta(description="Sources that they may check out, besides their own.")]
    worker: Annotated[str | None, Meta(description="CEL: the workers that they are held to; null: any.")]
    project: Annotated[str | None, Meta(description="What they belong to; null: no project.")]
    max_builders: Annotated[int, Meta(description="How many the file may define, matrices expanded.")]
    max_steps: Annotated[int, Meta(description="How many steps each may have.")]


class PipelineTrigger(msgspec.Struct, frozen=True, kw_only=True):
    """A trigger of the file; of one without triggers that which builds every push."""

    name: Annotated[str, Meta(description="With the source's name in front.", examples=["widget:change"])]
    text: Annotated[str, Meta(description="What it waits for, for people.", examples=["a push to main"])]
    build: Annotated[list[BuilderName], Meta(description="What it builds.")]


class BranchPipeline(msgspec.Struct, frozen=True, kw_only=True):
    """What the file defines on one branch, at the revision where it is."""

    branch: BranchName
    revision: Revision
    change_id: Annotated[Id, Meta(description="The commit with this revision.")]
    moved_at: Annotated[Moment, Meta(description="When the branch moved there, in UTC.")]
    read_at: Annotated[Moment | None, Meta(description="When the file came to this, in UTC; null: it wasn't read.")]
    file: Annotated[RevisionPipeline, Meta(description="What came of it.")]
    triggers: Annotated[list[PipelineTrigger], Meta(description="Those of the file; empty if it isn't `read`.")]


class PipelineCounts(msgspec.Struct, frozen=True, kw_only=True):
    """How many branches there are of each outcome."""

    read: Annotated[int, Meta(description="That are built by their file.")]
    rejected: Annotated[int, Meta(description="Whose file is refused.")]
    missing: Annotated[int, Meta(description="That have no file.")]
    unread: Annotated[int, Meta(description="Whose file isn't read yet.")]
    excluded: Annotated[int, Meta(description="Whose files don't count.")]


class SourcePipelines(msgspec.Struct, frozen=True, kw_only=True):
    """What the file of a repository defines, branch by branch, the one that moved last first."""

    source: SourceName
    granted: Annotated[PipelineGrants | None, Meta(description="Null: the repository may define nothing itself.")]
    counts: Annotated[PipelineCounts, Meta(description="Of all its branches.")]
    items: Annotated[list[BranchPipeline], Meta(description="The branches of this page; none without grants.")]
    next: Cursor
    position: Position


class DefinitionPlace(msgspec.Struct, frozen=True, kw_only=True):
    """A revision whose file defines a builder, and the branch that had it."""

    branch: BranchName
    revision: Revision
    change_id: Annotated[Id, Meta(description="The commit with this revision.")]
    at: Annotated[Moment, Meta(description="Since when the branch was known to have it, in UTC.")]


class DefinedBuilder(msgspec.Struct, frozen=True, kw_only=True):
    """A builder that the file of a repository defines, or has defined."""

    name: BuilderName
    branch_count: Annotated[int, Meta(description="How many branches define it; 0: none does any more.")]
    last_seen: Annotated[
        DefinitionPlace | None, Meta(description="Where it was seen last; null: on no branch whose file counted.")
    ]


class DefinedBuilderPage(msgspec.Struct, frozen=True, kw_only=True):
    """Builders that the file of a repository defines or has defined, by name."""

    items: Annotated[list[DefinedBuilder], Meta(description="The builders of this page.")]
    next: Cursor
    position: Position


class BuilderOrigin(msgspec.Struct, frozen=True, kw_only=True):
    """Where a builder is defined that the file of a repository defines."""

    source: SourceName
    path: Annotated[
        str | None, Meta(description="Of the file, in the repository; null: it may define nothing any more.")
    ]
    branches: Annotated[
        list[BranchName], Meta(description="That define it, the one that moved last first, up to a limit.")
    ]
    branch_count: Annotated[int, Meta(description="How many there are.")]
    shown: Annotated[
        DefinitionPlace | None,
        Meta(
            description="Whose steps, inputs and locks are answered: the default branch's, else those of the branch"
            " that moved last, else those that were seen last; null: none that may be built."
        ),
    ]
    last_seen: Annotated[
        DefinitionPlace | None, Meta(description="Where it was seen last; null: on no branch whose file counted.")
    ]
