"""The first page, in one answer."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from buildledger.api.models.builders import Broken
from buildledger.api.models.builds import Build
from buildledger.api.models.requests import Request
from buildledger.api.models.scalars import BuilderName, BuildRef, Id, Moment, Person, Position, Revision, SourceName


class Suspect(msgspec.Struct, frozen=True, kw_only=True):
    """A commit that came into the first failing build and was in no green one."""

    change_id: Annotated[Id, Meta(description="Names the commit in addresses.")]
    source: SourceName
    revision: Revision
    subject: Annotated[str | None, Meta(description="The message's first line; null once it is erased or altered.")]
    altered: Annotated[
        bool, Meta(description="What stands in the vault isn't the message that was recorded, so it isn't shown.")
    ]
    author: Annotated[Person, Meta(description="Who wrote it.")]


class BrokenBuilder(msgspec.Struct, frozen=True, kw_only=True):
    """A builder whose last build on a branch that passed or failed has failed."""

    name: BuilderName
    branch: Annotated[
        str | None, Meta(description="The branch; null: the builder's default branch isn't known, or it has none.")
    ]
    project: Annotated[str | None, Meta(description="The project it belongs to; null: none.")]
    broken: Annotated[Broken, Meta(description="Since when, and how often it has failed.")]
    last_build: Annotated[BuildRef, Meta(description="Its last build on that branch that finished.")]
    summary: Annotated[str, Meta(description="One line on what failed in the first failing build.")]
    suspects: Annotated[list[Suspect], Meta(description="The first of them, newest first.")]
    suspect_count: Annotated[int, Meta(description="How many commits are suspected; `suspects` has the first of them.")]
    baseline: Annotated[bool, Meta(description="False: none of its ancestors was green, so nobody is suspected.")]


class BuilderCounts(msgspec.Struct, frozen=True, kw_only=True):
    """How the configured builders stand, each on its default branch."""

    total: Annotated[int, Meta(description="All configured builders.")]
    passing: Annotated[int, Meta(description="Those that passed when they last passed or failed there.")]
    broken: Annotated[int, Meta(description="Those that failed when they last passed or failed there.")]
    unclear: Annotated[int, Meta(description="Those with builds there of which none passed or failed.")]
    never_built: Annotated[int, Meta(description="Those that have had no build there.")]


class QueueSummary(msgspec.Struct, frozen=True, kw_only=True):
    """What waits."""

    waiting: Annotated[int, Meta(description="How many requests wait.")]
    oldest_at: Annotated[
        Moment | None,
        Meta(description="When the request that has waited for the longest was submitted; null: none waits."),
    ]
    first: Annotated[list[Request], Meta(description="The next in line.")]


class WorkerCounts(msgspec.Struct, frozen=True, kw_only=True):
    """How the configured workers stand."""

    total: Annotated[int, Meta(description="All configured workers.")]
    connected: Annotated[int, Meta(description="Those with a session.")]
    paused: Annotated[int, Meta(description="Those to which nothing is assigned because a person wants so.")]
    busy: Annotated[int, Meta(description="With at least one build.")]


class Home(msgspec.Struct, frozen=True, kw_only=True):
    """What is broken, since when and whose; what runs, waits and was built last."""

    broken: Annotated[
        list[BrokenBuilder], Meta(description="Builders broken on their default branches, the longest first.")
    ]
    broken_count: Annotated[int, Meta(description="How many builders are broken; `broken` has the first of them.")]
    broken_elsewhere: Annotated[
        list[BrokenBuilder], Meta(description="On other branches than the default one; broken the longest first.")
    ]
    broken_elsewhere_count: Annotated[
        int, Meta(description="How many branches of builders are; `broken_elsewhere` has the first of them.")
    ]
    running: Annotated[list[Build], Meta(description="The builds that run, newest first, up to a limit.")]
    running_count: Annotated[int, Meta(description="How many builds run.")]
    recent: Annotated[list[Build], Meta(description="The last that finished.")]
    queue: Annotated[QueueSummary, Meta(description="The requests that wait.")]
    builders: Annotated[BuilderCounts, Meta(description="How the configured builders stand.")]
    workers: Annotated[WorkerCounts, Meta(description="How the configured workers stand.")]
    position: Position
