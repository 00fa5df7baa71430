"""What a request for a build names: branches, tags and shortened revisions become stamps, or are refused at once."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from buildledger.api.commands.context import CommandContext
from buildledger.api.http.problems import Invalid
from buildledger.api.models.request_models import StampBody
from buildledger.api.queries.sources import default_branch_of, heads_of
from buildledger.config.resolved import Source
from buildledger.events.request import SourceStamp
from buildledger.intake.polling.revision_finder import FoundRevision, UnknownRevisionError


async def stamp_of(
    context: CommandContext, source: Source, wanted: StampBody, before: SourceStamp | None
) -> SourceStamp:
    """The stamp for what is wanted of a source. `before` is what it came to when the same command was given before.

    Raises:
        Invalid: There is no such branch or revision, or it could be several.
    """
    if before is not None and _fits(before, wanted):
        return before
    heads, default = await asyncio.to_thread(known_branches, context, source.name)
    branch = wanted.branch
    if branch is None and wanted.revision is None:
        branch = default or None
    found = await _find(context, source, branch, wanted.revision, heads)
    return SourceStamp(
        source=source.name, repository=source.url, branch=found.branch or default, revision=found.revision
    )


async def check_stamp(context: CommandContext, source: Source, stamp: SourceStamp) -> None:
    """Make sure that what was built before is still there.

    Raises:
        Invalid: It isn't.
    """
    heads, _ = await asyncio.to_thread(known_branches, context, source.name)
    branch = None if stamp.revision else stamp.branch or None
    await _find(context, source, branch, stamp.revision, heads)


async def _find(
    context: CommandContext, source: Source, branch: str | None, revision: str | None, heads: Mapping[str, str]
) -> FoundRevision:
    try:
        return await context.deps.revisions.find(source, branch, revision, heads)
    except UnknownRevisionError as error:
        raise Invalid(str(error), errors=[{"in": "body", "at": error.at, "message": str(error)}]) from None


def known_branches(context: CommandContext, source: str) -> tuple[Mapping[str, str], str]:
    """The heads of a source that the ledger knows, and its default branch."""
    with context.deps.views.read(None, "changes") as (changes,):
        return heads_of(changes, source), default_branch_of(changes, source)


def _fits(stamp: SourceStamp, wanted: StampBody) -> bool:
    """Whether a stamp may have come of this; what a name stood for then needn't be what it stands for."""
    if wanted.branch is not None and wanted.branch not in (stamp.branch, f"refs/heads/{stamp.branch}"):
        return False
    if wanted.revision is None or stamp.revision is None:
        return wanted.revision is stamp.revision
    return len(wanted.revision) != len(stamp.revision) or wanted.revision.lower() == stamp.revision
