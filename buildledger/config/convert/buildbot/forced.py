"""What people are asked for that is no text: yes or no, and numbers."""

from __future__ import annotations

from collections.abc import Iterator

from buildledger.config.convert.buildbot.described import Extracted, Thing, Value
from buildledger.config.convert.buildbot.site import argument, items


def not_texts(extracted: Extracted) -> dict[str, set[str]]:
    """Builder → its properties that a `ForceScheduler` asks for as a boolean or a number, by Buildbot's names."""
    found: dict[str, set[str]] = {}
    for scheduler in extracted.schedulers:
        if extracted.base_among(scheduler, ("ForceScheduler",)) is None:
            continue
        names = set(_names(extracted, argument(scheduler, "properties")))
        for builder in items(argument(scheduler, "builderNames")):
            if isinstance(builder, str):
                found.setdefault(builder, set()).update(names)
    return found


def _names(extracted: Extracted, parameters: Value) -> Iterator[str]:
    for parameter in items(parameters):
        if not isinstance(parameter, Thing):
            continue
        name = parameter.attributes.get("name", parameter.arguments.get("name"))
        if isinstance(name, str) and extracted.base_among(parameter, ("BooleanParameter", "IntParameter")):
            yield name
        yield from _names(extracted, parameter.attributes.get("fields", parameter.arguments.get("fields")))
