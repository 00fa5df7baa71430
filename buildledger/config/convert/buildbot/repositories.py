"""Which repository a builder's builds are asked for with, where its steps only say `%(prop:repository)s`."""

from __future__ import annotations

from collections.abc import Iterator

from buildledger.config.convert.buildbot.described import Extracted, Thing, Value
from buildledger.config.convert.buildbot.site import entries, items


class Repositories:
    """The repositories that schedulers and change sources of a configuration name."""

    def __init__(self, extracted: Extracted) -> None:
        self._of_builders: dict[str, dict[str, None]] = {}
        for scheduler in extracted.schedulers:
            found = dict.fromkeys(_named(scheduler))
            for builder in items(_known(scheduler, "builderNames")):
                self._of_builders.setdefault(str(builder), {}).update(found)
        self._of_all = dict.fromkeys(
            [address for each in self._of_builders.values() for address in each]
            + [address for source in extracted.change_sources if (address := _text(source.arguments.get("repourl")))]
        )

    def of(self, builder: str) -> str | None:
        """The only one that this builder's schedulers name, or else the only one of all; None if there are several."""
        for found in (self._of_builders.get(builder, {}), self._of_all):
            if len(found) == 1:
                return next(iter(found))
            if found:
                return None
        return None


def _named(scheduler: Thing) -> Iterator[str]:
    """What a scheduler says of repositories: in its filter, its codebases, and what people are asked for."""
    filtered = _known(scheduler, "change_filter")
    if isinstance(filtered, Thing):
        yield from _texts(items(_known(filtered, "repository")))
    for codebase in entries(_known(scheduler, "codebases")).values():
        yield from _texts(items(entries(codebase).get("repository")))
    yield from _asked(_known(scheduler, "all_fields"))


def _asked(parameters: Value) -> Iterator[str]:
    """What stands in the field `repository` before a person writes something else."""
    for parameter in items(parameters):
        if not isinstance(parameter, Thing):
            continue
        if _known(parameter, "name") == "repository":
            yield from _texts([_known(parameter, "default")])
        yield from _asked(parameter.attributes.get("fields"))


def _known(thing: Thing, name: str) -> Value:
    """What it was made with; of old classes an attribute of that name."""
    return thing.arguments.get(name, thing.attributes.get(name))


def _texts(values: list[Value]) -> Iterator[str]:
    return (text for value in values if (text := _text(value)))


def _text(value: Value) -> str:
    return value if isinstance(value, str) else ""
