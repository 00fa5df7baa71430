"""Names of what a repository's file defines: `widget:tests` is the builder `tests` of the source `widget`.

No name of the central file holds a `:`, and no two sources have the same name. So nothing that a repository defines can
take the place of something central, or of another repository's.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from buildledger.config import resolved
from buildledger.config.resolved import Builder, Configuration, Trigger
from buildledger.config.secrets.settings import Secrets
from buildledger.config.steps.download import DownloadStep
from buildledger.config.steps.kinds import Step

SEPARATOR = ":"


def qualified_name(source: str, name: str) -> str:
    """The name that a builder or trigger of a source's file has everywhere."""
    return f"{source}{SEPARATOR}{name}"


def source_of(name: str) -> str | None:
    """The source whose file defines a builder or trigger; None: the central configuration does."""
    source, separator, _ = name.partition(SEPARATOR)
    return source if separator else None


def qualified(
    source: str, builders: Iterable[Builder], triggers: Iterable[Trigger], project: str | None
) -> Configuration:
    """What the file of a source defines, under the names that it has everywhere, as it is stored."""
    named = [_builder(source, builder, project) for builder in builders]
    made = [_trigger(source, trigger) for trigger in triggers]
    return Configuration(
        server=resolved.Server(title=""),
        secrets=Secrets(),
        sources={},
        workers={},
        locks={},
        builders={builder.name: builder for builder in named},
        triggers={trigger.name: trigger for trigger in made},
    )


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
