"""Commands that request a build by hand, checked against the configuration in force: forced builds and rebuilds."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa

from buildledger.api.commands.context import CommandContext
from buildledger.api.http.problems import Invalid, NotFound
from buildledger.api.models import request_models
from buildledger.api.queries.builds import obtained_revisions, seq_of, stored_build
from buildledger.api.queries.sources import default_branch_of
from buildledger.config.inputs import InputErrors, bind
from buildledger.config.resolved import Builder, Configuration, ManualTrigger
from buildledger.domain import request as domain
from buildledger.domain.request import SubmitRequest
from buildledger.events.ids import BuildId, RequestId, request_id
from buildledger.events.request import RequestSubmitted, SourceStamp

FORCED, REBUILD = "forced", "rebuild"

_stamps = msgspec.json.Decoder(tuple[SourceStamp, ...])


async def force_request(context: CommandContext, name: str, body: request_models.ForceBody) -> SubmitRequest:
    """The command for a build by hand.

    Raises:
        NotFound: the builder isn't configured.
        Invalid: the inputs or sources aren't those of the builder.
    """
    configuration = context.deps.active.current
    builder = None if configuration is None else configuration.builders.get(name)
    if configuration is None or builder is None:
        raise NotFound("configured builder", name)
    try:
        inputs = bind(builder.inputs, body.inputs)
    except InputErrors as errors:
        faults = [{"in": "body", "at": f"inputs/{at}", "message": fault} for at, fault in errors.faults.items()]
        raise Invalid(str(errors), errors=faults) from None
    stamps = await asyncio.to_thread(_stamps_for, context, configuration, builder, body)
    submitted = RequestSubmitted(
        builder=name,
        stamps=stamps,
        reason=f"{FORCED}: {body.reason}" if body.reason else FORCED,
        trigger=_trigger(configuration, name),
        requested_by=context.actor,
        priority=_priority(builder, body.priority),
        inputs=inputs,
        config_digest=configuration.digest,
    )
    return await _repeatable(context, request_id("api", context.id), submitted)


async def rebuild_request(context: CommandContext, build_id: UUID, body: request_models.RebuildBody) -> SubmitRequest:
    """The command for the same build again, under the configuration in force.

    Raises:
        NotFound: there is no such build, or its builder isn't configured any more.
    """
    configuration = context.deps.active.current
    fixed, obtained = await asyncio.to_thread(_stored_build, context, build_id)
    builder = None if configuration is None else configuration.builders.get(fixed.builder)
    if configuration is None or builder is None:
        raise NotFound("configured builder", fixed.builder)
    stamps = tuple(
        msgspec.structs.replace(stamp, revision=obtained.get(stamp.source, stamp.revision)) if body.obtained else stamp
        for stamp in _stamps.decode(fixed.stamps)
    )
    submitted = RequestSubmitted(
        builder=fixed.builder,
        stamps=stamps,
        changes=msgspec.json.decode(fixed.changes, type=tuple[UUID, ...]),
        reason=f"{REBUILD} of #{fixed.number}" + (f": {body.reason}" if body.reason else ""),
        requested_by=context.actor,
        priority=_priority(builder, body.priority),
        inputs=msgspec.json.decode(fixed.inputs),
        config_digest=configuration.digest,
        rebuild_of=BuildId(build_id),
    )
    return await _repeatable(context, request_id("api", context.id), submitted)


async def _repeatable(context: CommandContext, key: RequestId, submitted: RequestSubmitted) -> SubmitRequest:
    """The command; a repetition says what the first one said, although the configuration has changed since.

    A repetition that really asks for something else is left as it is, and the rules refuse it.
    """
    state, _ = await asyncio.to_thread(context.deps.ledger.load, domain.AGGREGATE, key)
    before: RequestSubmitted | None = state.submitted
    if before is not None:
        again = msgspec.structs.replace(submitted, config_digest=before.config_digest, trigger=before.trigger)
        if again == before:
            submitted = before
    return SubmitRequest(request_id=key, request=submitted)


def _trigger(configuration: Configuration, builder: str) -> str | None:
    """The manual trigger that allows it, if the file names one."""
    manual = (trigger for trigger in configuration.triggers.values() if isinstance(trigger, ManualTrigger))
    return next((trigger.name for trigger in manual if builder in trigger.build), None)


def _priority(builder: Builder, priority: int | None) -> int:
    if priority is not None:
        return priority
    return builder.priority if isinstance(builder.priority, int) else 0


def _stamps_for(
    context: CommandContext, configuration: Configuration, builder: Builder, body: request_models.ForceBody
) -> tuple[SourceStamp, ...]:
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
    return tuple(_stamp(context, configuration, name, chosen) for name in builder.sources)


def _stamp(
    context: CommandContext, configuration: Configuration, name: str, chosen: Mapping[str, request_models.StampBody]
) -> SourceStamp:
    source = configuration.sources[name]
    stamp = chosen.get(name) or request_models.StampBody(branch=None, revision=None)
    wanted = stamp.branch or source.default_branch
    if wanted is None:
        with context.deps.views.read(None, "changes") as (changes,):
            wanted = default_branch_of(changes, name)
    return SourceStamp(source=name, repository=source.url, branch=wanted, revision=stamp.revision)


def _stored_build(context: CommandContext, build_id: UUID) -> tuple[sa.Row[Any], dict[str, str]]:
    with context.deps.views.read(None, "status") as (status,):
        seq = seq_of(status, build_id)
        return stored_build(status, seq), obtained_revisions(status, seq)
