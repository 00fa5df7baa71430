"""Commands that request a build by hand, checked against the configuration in force: forced builds and rebuilds."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa

from buildledger.api.commands.context import CommandContext
from buildledger.api.commands.pipelines import configuration_for, configuration_of
from buildledger.api.commands.revisions import check_stamp, stamp_of
from buildledger.api.http.problems import Invalid
from buildledger.api.models import request_models
from buildledger.api.queries.builds import obtained_revisions, seq_of, stored_build
from buildledger.config.evaluation.addresses import readdressed
from buildledger.config.inputs import InputErrors, bind
from buildledger.config.resolved import Builder, Configuration, ManualTrigger
from buildledger.domain import request as domain
from buildledger.domain.request import SubmitRequest
from buildledger.events.ids import BuildId, request_id
from buildledger.events.request import RequestSubmitted, SourceStamp

FORCED, REBUILD = "forced", "rebuild"

_stamps = msgspec.json.Decoder(tuple[SourceStamp, ...])


async def force_request(context: CommandContext, name: str, body: request_models.ForceBody) -> SubmitRequest:
    """The command for a build by hand.

    Raises:
        NotFound: the builder isn't configured.
        Invalid: the inputs or sources aren't those of the builder, or there is no such branch or revision.
    """
    configuration = await configuration_for(context, name, body)
    builder = configuration.builders[name]
    try:
        inputs = bind(builder.inputs, body.inputs)
    except InputErrors as errors:
        faults = [{"in": "body", "at": f"inputs/{at}", "message": fault} for at, fault in errors.faults.items()]
        raise Invalid(str(errors), errors=faults) from None
    before = await _submitted(context)
    known = {} if before is None else {stamp.source: stamp for stamp in before.stamps}
    stamps = [
        await stamp_of(context, configuration.sources[source], wanted, known.get(source))
        for source, wanted in _wanted(builder, body).items()
    ]
    submitted = RequestSubmitted(
        builder=name,
        stamps=tuple(stamps),
        reason=f"{FORCED}: {body.reason}" if body.reason else FORCED,
        trigger=_trigger(configuration, name),
        requested_by=context.actor,
        priority=_priority(builder, body.priority),
        inputs=inputs,
        config_digest=configuration.applied_digest,
        pipeline=configuration.pipeline_digest,
    )
    return _repeatable(context, before, submitted)


async def rebuild_request(context: CommandContext, build_id: UUID, body: request_models.RebuildBody) -> SubmitRequest:
    """The command for the same build again, under the configuration in force.

    Raises:
        NotFound: there is no such build, or its builder isn't configured any more.
    """
    fixed, obtained = await asyncio.to_thread(_stored_build, context, build_id)
    configuration = await configuration_of(context, fixed.builder, fixed.pipeline)
    builder = configuration.builders[fixed.builder]
    stamps = tuple(
        msgspec.structs.replace(stamp, revision=obtained.get(stamp.source, stamp.revision)) if body.obtained else stamp
        for stamp in readdressed(_stamps.decode(fixed.stamps), configuration.sources)
    )
    before = await _submitted(context)
    if before is not None and readdressed(before.stamps, configuration.sources) == stamps:
        stamps = before.stamps
    for stamp in stamps if before is None else ():
        if (source := configuration.sources.get(stamp.source)) is not None:
            await check_stamp(context, source, stamp)
    submitted = RequestSubmitted(
        builder=fixed.builder,
        stamps=stamps,
        changes=msgspec.json.decode(fixed.changes, type=tuple[UUID, ...]),
        reason=f"{REBUILD} of #{fixed.number}" + (f": {body.reason}" if body.reason else ""),
        requested_by=context.actor,
        priority=_priority(builder, body.priority),
        inputs=msgspec.json.decode(fixed.inputs),
        config_digest=configuration.applied_digest,
        pipeline=configuration.pipeline_digest,
        rebuild_of=BuildId(build_id),
    )
    return _repeatable(context, before, submitted)


def _repeatable(context: CommandContext, before: RequestSubmitted | None, submitted: RequestSubmitted) -> SubmitRequest:
    """The command; a repetition says what the first one said, although the configuration has changed since.

    A repetition that really asks for something else is left as it is, and the rules refuse it.
    """
    if before is not None:
        again = msgspec.structs.replace(
            submitted, config_digest=before.config_digest, trigger=before.trigger, pipeline=before.pipeline
        )
        if again == before:
            submitted = before
    return SubmitRequest(request_id=request_id("api", context.id), request=submitted)


def _trigger(configuration: Configuration, builder: str) -> str | None:
    """The manual trigger that allows it, if the file names one."""
    manual = (trigger for trigger in configuration.triggers.values() if isinstance(trigger, ManualTrigger))
    return next((trigger.name for trigger in manual if builder in trigger.build), None)


def _priority(builder: Builder, priority: int | None) -> int:
    if priority is not None:
        return priority
    return builder.priority if isinstance(builder.priority, int) else 0


def _wanted(builder: Builder, body: request_models.ForceBody) -> Mapping[str, request_models.StampBody]:
    """What the body says of each source of the builder."""
    chosen = dict(body.sources)
    unknown = sorted(chosen.keys() - set(builder.sources))
    if unknown:
        names = ", ".join(builder.sources) or "none"
        raise Invalid(f"builder {builder.name} checks out {names}, not {', '.join(unknown)}")
    if builder.sources:
        first = builder.sources[0]
        chosen.setdefault(first, request_models.StampBody(branch=body.branch, revision=body.revision))
    elif body.branch or body.revision:
        raise Invalid(f"builder {builder.name} checks nothing out, so it has no branch and no revision")
    nothing = request_models.StampBody(branch=None, revision=None)
    return {name: chosen.get(name, nothing) for name in builder.sources}


async def _submitted(context: CommandContext) -> RequestSubmitted | None:
    """What this very command has asked for before."""
    state, _ = await asyncio.to_thread(context.deps.ledger.load, domain.AGGREGATE, request_id("api", context.id))
    before: RequestSubmitted | None = state.submitted
    return before


def _stored_build(context: CommandContext, build_id: UUID) -> tuple[sa.Row[Any], dict[str, str]]:
    with context.deps.views.read(None, "status") as (status,):
        seq = seq_of(status, build_id)
        return stored_build(status, seq), obtained_revisions(status, seq)
