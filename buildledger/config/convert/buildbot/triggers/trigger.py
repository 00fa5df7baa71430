"""A scheduler under conversion."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from buildledger.config.convert.buildbot.account import Entry, UnsayableError
from buildledger.config.convert.buildbot.described import ClassOf, Thing, Value
from buildledger.config.convert.buildbot.names import name as name_of
from buildledger.config.convert.buildbot.new_builder import NewBuilder
from buildledger.config.convert.buildbot.site import Site, entries, items, remark_unknown

Keys = dict[str, Any]
_QUIET = frozenset(
    {"name", "builderNames", "label", "buttonName", "reason", "reasonString", "username", "createAbsoluteSourceStamps"}
)
"""Arguments that only change what Buildbot's pages show, or whose meaning is how it is here anyway."""


@dataclass
class NewTrigger:
    """A trigger of the result, and what is said above it."""

    keys: Keys
    comments: list[str] = field(default_factory=list)


@dataclass
class OldScheduler:
    """A scheduler, its class, and its entry in the account."""

    thing: Thing
    cls: ClassOf
    site: Site
    entry: Entry
    built: Mapping[str, NewBuilder]
    """The builders of the result, by name."""
    _asked: set[str] = field(default_factory=set)

    def argument(self, name: str, default: Value = None) -> Value:
        """What it was made with; of old classes an attribute of that name."""
        self._asked.add(name)
        return self.thing.arguments.get(name, self.thing.attributes.get(name, default))

    @property
    def name(self) -> str:
        """Its name in the result."""
        return name_of(str(self.argument("name")))

    def builders(self) -> list[str]:
        """The builders that it builds, by their new names.

        Raises:
            UnsayableError: None of them is in the result.
        """
        return self.builders_of(self.thing)

    def builders_of(self, scheduler: Thing) -> list[str]:
        """Those of another scheduler. Raises as `builders`."""
        names = scheduler.arguments.get("builderNames", scheduler.attributes.get("builderNames"))
        if not all(isinstance(each, str) for each in items(names)):
            raise UnsayableError("its builders are chosen when it runs", "name them in `build`")
        known = [new for each in items(names) if (new := self.site.builder_names.known(str(each))) in self.built]
        if not known:
            raise UnsayableError("none of its builders was converted", "name those that it builds in `build`")
        return [each for each in known if each is not None]

    def sources_of(self, builder: str) -> list[str]:
        """The sources that a builder's steps check out."""
        found = (step.keys.get("checkout") for step in self.built[builder].steps)
        return list(dict.fromkeys(source for source in found if source))

    def remark_unasked(self) -> None:
        """Say which of the arguments that it was given nobody has looked at: nothing is dropped in silence."""
        remark_unknown(self.thing, self.entry, self._asked | _QUIET, "a trigger")

    def remark_properties(self) -> None:
        """Properties that it gives its builds have no place but the builder."""
        for name in entries(self.argument("properties")):
            self.entry.note(
                f"property '{name}'",
                "a trigger gives its builds no properties",
                "set it in the builder, or have the step ask for what the trigger meant: change.*, build.*",
            )
