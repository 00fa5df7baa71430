"""A scheduler under conversion."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from buildledger.config.convert.buildbot.account import Entry, UnsayableError
from buildledger.config.convert.buildbot.described import ClassOf, Thing, Value
from buildledger.config.convert.buildbot.names import name as name_of
from buildledger.config.convert.buildbot.site import Site, items

Keys = dict[str, Any]


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

    def argument(self, name: str, default: Value = None) -> Value:
        """What it was made with; of old classes an attribute of that name."""
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
        names = self.argument("builderNames")
        if not all(isinstance(each, str) for each in items(names)):
            raise UnsayableError("its builders are chosen when it runs", "name them in `build`")
        known = [new for each in items(names) if (new := self.site.builder_names.known(str(each))) is not None]
        if not known:
            raise UnsayableError("it has no builders")
        return known
