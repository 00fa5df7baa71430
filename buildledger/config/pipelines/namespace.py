"""Names of what a repository's file defines, or a step generates: `widget:tests` is `tests` of the source `widget`.

No name of the central file holds a `:`, and no two sources have the same name. So nothing that a repository defines can
take the place of something central, or of another repository's. What a step of the builder `plan` generates is
`plan:tests`: a source with a file and a builder that generates can't have the same name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from buildledger.config import resolved
from buildledger.config.resolved import Builder, Configuration, Generation, Trigger
from buildledger.config.secrets.settings import Secrets
from buildledger.config.steps.download import DownloadStep
from buildledger.config.steps.generate import GenerateStep
from buildledger.config.steps.kinds import Step
from buildledger.config.values import Expression

SEPARATOR = ":"


def qualified_name(source: str, name: str) -> str:
    """The name that a builder or trigger of a source's file has everywhere."""
    return f"{source}{SEPARATOR}{name}"


def source_of(name: str) -> str | None:
    """The source whose file defines a builder or trigger; None: the central configuration does."""
    source, separator, _ = name.partition(SEPARATOR)
    return source if separator else None


def definers_in(configuration: Configuration) -> frozenset[str]:
    """What defines builders in a central configuration: sources whose repositories may, builders that generate."""
    generating = (
        builder.name
        for builder in configuration.builders.values()
        if any(isinstance(step, GenerateStep) for step in builder.steps)
    )
    return frozenset({*configuration.repo_pipelines, *generating})


def definers_of(name: str) -> Iterator[str]:
    """What may have defined a builder of this name: the shortest first, for cells of a matrix may hold a `:` too."""
    parts = name.split(SEPARATOR)
    return (SEPARATOR.join(parts[:count]) for count in range(1, len(parts)))


def qualified(
    owner: str,
    builders: Iterable[Builder],
    triggers: Iterable[Trigger],
    project: str | None,
    generated: Generation | None = None,
) -> Configuration:
    """What a source's file, or a builder's step, defines, under the names that it has everywhere, as it is stored."""
    named = [_builder(owner, builder, project) for builder in builders]
    made = [_trigger(owner, trigger) for trigger in triggers]
    return Configuration(
        server=resolved.Server(title=""),
        secrets=Secrets(),
        sources={},
        workers={},
        locks={},
        builders={builder.name: builder for builder in named},
        triggers={trigger.name: trigger for trigger in made},
        generated=generated,
    )


def held_to(builder: Builder, workers: Expression | None) -> Builder:
    """A builder that runs on none but these workers, whatever it says itself.

    Its own condition stands on lines of its own: no comment in it hides what comes after.
    """
    if workers is None:
        return builder
    if builder.worker is None:
        return msgspec.structs.replace(builder, worker=workers)
    both = f"({workers.source}\n) && (\n{builder.worker.source}\n)"
    return msgspec.structs.replace(builder, worker=Expression(both, builder.worker.bind))


def _builder(source: str, builder: Builder, project: str | None) -> Builder:
    return msgspec.structs.replace(
        builder,
        name=qualified_name(source, builder.name),
        base=qualified_name(source, builder.base),
        project=project,
        steps=tuple(_step(source, step) for step in builder.steps),
    )


def _step(source: str, step: Step) -> Step:
    """A step that names another builder means one of the same file."""
    if isinstance(step, DownloadStep) and step.origin.builder:
        origin = msgspec.structs.replace(step.origin, builder=qualified_name(source, step.origin.builder))
        return msgspec.structs.replace(step, origin=origin)
    return step


def _trigger(source: str, trigger: Trigger) -> Trigger:
    changed = {"build": tuple(qualified_name(source, name) for name in trigger.build)}
    if isinstance(trigger, resolved.SuccessTrigger):
        changed["of"] = tuple(qualified_name(source, name) for name in trigger.of)
    return msgspec.structs.replace(trigger, name=qualified_name(source, trigger.name), **changed)
