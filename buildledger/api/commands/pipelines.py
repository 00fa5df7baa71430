"""Which file of a repository counts for a build that somebody asks for by hand."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence

from buildledger.api.commands.context import CommandContext
from buildledger.api.commands.revisions import known_branches, stamp_of
from buildledger.api.http.problems import Invalid, NotFound
from buildledger.api.models.pipelines import PipelineProblem
from buildledger.api.models.request_models import ForceBody, StampBody
from buildledger.api.queries.pipelines import as_pipeline, newest_outcome
from buildledger.config.configurations import UnreadablePipelineError
from buildledger.config.pipelines.namespace import source_of
from buildledger.config.problems.problem import did_you_mean
from buildledger.config.resolved import Configuration, RepoPipeline
from buildledger.events.pipeline import PipelineOutcome, PipelineRead
from buildledger.wording import plural

PROBLEMS_SAID = 3
"""Problems of a file that the words of a refusal name; all are in its `errors`."""


async def configuration_for(context: CommandContext, name: str, body: ForceBody) -> Configuration:
    """The configuration in force, with the pipeline that has the builder if its name is that of one.

    With `config_from: base` that is the file of the branch which is built, at its head; with `head` the file of the
    revision itself, if one is named.

    Raises:
        NotFound: there is no such builder.
        Invalid: the file that counts can't be built by.
    """
    configuration = context.deps.active.current
    source = source_of(name)
    grant = None if configuration is None or source is None else configuration.repo_pipelines.get(source)
    if configuration is None or source is None or grant is None or source not in configuration.sources:
        known = configuration.builders if configuration is not None else {}
        if configuration is None or name not in known:
            raise NotFound("configured builder", name, did_you_mean(name, known))
        return configuration
    wanted = body.sources.get(source) or StampBody(branch=body.branch, revision=body.revision)
    stamp = await stamp_of(context, configuration.sources[source], wanted, None)
    heads, _ = await asyncio.to_thread(known_branches, context, source)
    revision = stamp.revision if grant.config_from == "head" else None
    revision = revision or heads.get(stamp.branch)
    outcome = None
    if revision is not None:
        outcome = await asyncio.to_thread(newest_outcome, context.deps.ledger, source, revision)
    if revision is None or not isinstance(outcome, PipelineRead):
        raise _not_by_this_file(name, stamp.branch, grant, outcome, revision, is_head=revision in heads.values())
    return await _composed(context, configuration, outcome.pipeline, name)


def _not_by_this_file(
    name: str, branch: str, grant: RepoPipeline, outcome: PipelineOutcome | None, revision: str | None, *, is_head: bool
) -> Invalid:
    """Why a builder can't be built by the file that counts, with all that is wrong with that."""
    defined = f"builder {name} is defined by a file of the repository"
    if revision is None:
        return Invalid(f"{defined}: nobody knows where {branch} is")
    found = as_pipeline(grant, outcome, [branch], is_head=is_head)
    said = "; ".join([f"{defined}, of which {branch} has {revision[:8]}: {found.text}", *_first(found.problems)])
    errors = [{"in": "body", "at": "branch", "message": each.text, "kind": each.code} for each in found.problems]
    return Invalid(said, errors=errors)


def _first(problems: Sequence[PipelineProblem]) -> Iterator[str]:
    yield from (each.text for each in problems[:PROBLEMS_SAID])
    if len(problems) > PROBLEMS_SAID:
        yield f"and {plural(len(problems) - PROBLEMS_SAID, 'more problem', 'more problems')}"


async def configuration_of(context: CommandContext, name: str, pipeline: str | None) -> Configuration:
    """The configuration in force, with what it allows of the pipeline that a build was pinned to.

    Raises:
        NotFound: it has no such builder any more, or doesn't allow it.
    """
    configuration = context.deps.active.current
    if configuration is not None and pipeline is not None:
        return await _composed(context, configuration, pipeline, name)
    if configuration is None or name not in configuration.builders:
        raise NotFound("configured builder", name, ": it was in the configuration before, and is in it no more")
    return configuration


async def _composed(context: CommandContext, configuration: Configuration, pipeline: str, name: str) -> Configuration:
    configurations = context.deps.configurations
    try:
        composed = await asyncio.to_thread(configurations.composed, configuration, pipeline, allowed=True)
    except UnreadablePipelineError as error:
        raise NotFound("configured builder", name, f": {error}") from None
    if name not in composed.builders:
        why = await asyncio.to_thread(configurations.refusal, configuration, pipeline, name)
        known = [each for each in composed.builders if source_of(each) == source_of(name)]
        raise NotFound("configured builder", name, f": {why}" if why else did_you_mean(name, known))
    return composed
