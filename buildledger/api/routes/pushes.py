"""Commits that somebody hands in, for sources that the server can't or needn't read itself."""

from __future__ import annotations

import asyncio
from email.utils import parseaddr

from buildledger.api.commands.context import CommandContext, Commands
from buildledger.api.http.dependencies import ApiDependencies
from buildledger.api.http.parameters import SourcePath
from buildledger.api.http.problems import NotFound
from buildledger.api.http.responses import JsonResponse
from buildledger.api.http.routing import api_router
from buildledger.api.models import receipts, request_models
from buildledger.api.queries.sources import missing_source
from buildledger.domain.refusals import ConfigReplacedRefusal
from buildledger.domain.source import MoveBranch
from buildledger.events.change import BranchMoved, FileChange
from buildledger.events.ids import change_id
from buildledger.intake.polling.recording import Recorder
from buildledger.ledger.submission import Receipt
from buildledger.sources.commits import Commit, Person

router = api_router("sources")


@router.post("/sources/{name}/changes", status_code=201)
async def push_changes(
    context: Commands, name: SourcePath, body: request_models.PushBody
) -> JsonResponse[receipts.Receipt]:
    """Hand in commits that are new on a branch, and move it to the last of them.

    They are durable when this is answered, and whatever they trigger will be built. Commits that are known decide
    nothing, so repeating is harmless.
    """
    while True:
        try:
            receipt = await _record(context, name, body)
        except ConfigReplacedRefusal:
            continue  # under the one that is in force by now
        return await context.respond(receipts.Receipt, receipt, status=201)


async def _record(context: CommandContext, name: str, body: request_models.PushBody) -> Receipt:
    """Record commits as the source is configured at this moment.

    Raises:
        NotFound: it isn't.
        ConfigReplacedRefusal: another configuration came in between.
    """
    configuration, required = await asyncio.to_thread(context.deps.active.newest)
    source = None if configuration is None else configuration.sources.get(name)
    if source is None:
        raise await asyncio.to_thread(_missing, context.deps, name)
    recorder = Recorder(context.deps.ledger, context.deps.vault, source=name, repository=source.url)
    commits = [_commit(each) for each in body.commits]
    said = await asyncio.to_thread(recorder.prepare, commits, branch=body.branch, historic=False)
    move = BranchMoved(
        source=name,
        branch=body.branch,
        revision=body.commits[-1].revision,
        changes=tuple(change_id(name, commit.revision) for commit in body.commits),
        change_count=len(body.commits),
    )
    return await context.execute(*required, *said.claims.values(), *said.changes, MoveBranch(source=name, move=move))


def _missing(deps: ApiDependencies, name: str) -> NotFound:
    with deps.views.read(None, "changes") as (changes,):
        return missing_source(changes, name)


def _commit(body: request_models.CommitBody) -> Commit:
    author = _person(body.author)
    return Commit(
        revision=body.revision,
        parents=tuple(body.parents),
        author=author,
        committer=author,
        co_authors=(),
        committed_at=body.committed_at,
        message=body.message,
        files=tuple(FileChange(path) for path in body.files),
        file_count=len(body.files),
    )


def _person(text: str) -> Person:
    name, email = parseaddr(text)
    return Person(name=name or text, email=email)
