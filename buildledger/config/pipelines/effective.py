"""A configuration together with what the file of one repository defines: what its builds are built under.

Composed when somebody asks, and stored nowhere: a request and a build say which configuration and which pipeline.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Any

import msgspec

from buildledger.config import globs
from buildledger.config.pipelines.namespace import source_of
from buildledger.config.resolved import Builder, Configuration, RepoPipeline, SuccessTrigger, Trigger
from buildledger.config.values import Expression


def compose(central: Configuration, pipeline: Configuration) -> Configuration:
    """The configuration with all builders and triggers of a pipeline, which was allowed when a build began."""
    return _composed(central, pipeline, pipeline.builders)


def compose_allowed(central: Configuration, pipeline: Configuration) -> Configuration:
    """The configuration with those builders of a pipeline that it still allows, whatever it was checked under."""
    allowed = {name: builder for name, builder in pipeline.builders.items() if refusal(central, builder) is None}
    return _composed(central, pipeline, allowed)


def refusal(central: Configuration, builder: Builder) -> str | None:
    """Why a configuration doesn't allow a repository's builder, for people; None if it does.

    It looks at what would be carried out, not at the file: whatever the check of the file has let through, no build
    begins that uses more than is granted.
    """
    source = source_of(builder.name)
    grant = None if source is None else central.repo_pipelines.get(source)
    if grant is None or source not in central.sources:
        return f"the repository of source {source!r} defines nothing any more"
    uses = [*builder.locks, *(use for step in builder.steps for use in step.locks)]
    for kind, used, granted in (
        ("source", builder.sources, {source, *grant.sources}),
        ("lock", [use.lock for use in uses], {*grant.locks} & central.locks.keys()),
        ("secret", sorted(secrets_of(builder)), {*grant.secrets}),
    ):
        for name in used:
            if name not in granted:
                return f"the {kind} '{name}' isn't granted to the repository of source '{source}'"
    for use in uses:
        if use.take > central.locks[use.lock].count:
            return f"it takes {use.take} of the lock '{use.lock}', which has a count of {central.locks[use.lock].count}"
    if len(builder.steps) > grant.max_steps:
        return f"it has more than {grant.max_steps} steps"
    return None


def counts_on(grant: RepoPipeline, branch: str) -> bool:
    """Whether the file counts on a branch."""
    return globs.matches(grant.branches, branch)


def secrets_of(builder: Builder) -> frozenset[str]:
    """The secrets that its steps name."""
    return frozenset(_secrets(msgspec.to_builtins(builder.steps)))


def _secrets(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if value.get("node") == "secret":
            yield value["name"]
        value = value.values()
    elif not isinstance(value, list | tuple):
        return
    for inner in value:
        yield from _secrets(inner)


def _composed(central: Configuration, pipeline: Configuration, builders: Mapping[str, Builder]) -> Configuration:
    held = {name: _held(central, builder) for name, builder in builders.items()}
    triggers = {name: made for name, trigger in pipeline.triggers.items() if (made := _left_of(trigger, held))}
    return Composed(
        server=central.server,
        secrets=central.secrets,
        sources=central.sources,
        workers=central.workers,
        locks=central.locks,
        builders={**central.builders, **held},
        triggers={**central.triggers, **triggers},
        repo_pipelines=central.repo_pipelines,
        applied=central.digest,
        pipeline=pipeline.digest,
    )


def _left_of(trigger: Trigger, builders: Mapping[str, Builder]) -> Trigger | None:
    """A trigger with those of its builders that there are; None if it has nothing to do without the others."""
    build = tuple(name for name in trigger.build if name in builders)
    complete = not isinstance(trigger, SuccessTrigger) or builders.keys() >= {*trigger.of}
    return msgspec.structs.replace(trigger, build=build) if build and complete else None


def _held(central: Configuration, builder: Builder) -> Builder:
    """A builder, held to the workers that are granted.

    Its own condition stands on lines of its own: no comment in it hides what comes after.
    """
    grant = central.repo_pipelines.get(source_of(builder.name) or "")
    if grant is None or grant.worker is None:
        return builder
    if builder.worker is None:
        return msgspec.structs.replace(builder, worker=grant.worker)
    both = f"({grant.worker.source}\n) && (\n{builder.worker.source}\n)"
    return msgspec.structs.replace(builder, worker=Expression(both, builder.worker.bind))


class Composed(Configuration, frozen=True, kw_only=True, dict=True):
    """A configuration with a pipeline. Its digest tells it from others, and is stored nowhere."""

    applied: str
    pipeline: str

    @property
    def digest(self) -> str:
        """Of both together."""
        return sha256(f"{self.applied}\n{self.pipeline}".encode()).hexdigest()

    @property
    def applied_digest(self) -> str:
        """The digest of the configuration in the ledger."""
        return self.applied

    @property
    def pipeline_digest(self) -> str | None:
        """The digest of the pipeline in the ledger."""
        return self.pipeline
