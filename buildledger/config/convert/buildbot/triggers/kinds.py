"""Which class of scheduler is converted how, and what is said of those that can't be."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from buildledger.config import limits
from buildledger.config.convert.buildbot.account import Kind, UnsayableError
from buildledger.config.convert.buildbot.new_builder import NewBuilder
from buildledger.config.convert.buildbot.site import Site
from buildledger.config.convert.buildbot.triggers import change, cron, later, manual, success
from buildledger.config.convert.buildbot.triggers.trigger import NewTrigger, OldScheduler
from buildledger.config.convert.buildbot.workers import MADE_BY_BUILDBOT

Convert = Callable[[OldScheduler], list[NewTrigger]]

KINDS: Mapping[str, Convert] = {
    "BaseBasicScheduler": change.change,
    "Dependent": success.dependent,
    "NightlyTriggerable": later.called,
    "Nightly": cron.nightly,
    "Periodic": cron.periodic,
    "Triggerable": later.called,
    "TryBase": later.tried,
    "ForceScheduler": manual.force,
}
"""By the name of the class; of a class that isn't here, its nearest base."""


def convert(site: Site, builders: Sequence[NewBuilder]) -> list[NewTrigger]:
    """The triggers that the schedulers of a configuration become; some have their builders ask for an input."""
    made: list[NewTrigger] = []
    built = {builder.name: builder for builder in builders}
    for thing in site.extracted.schedulers:
        cls = site.extracted.class_of(thing)
        name = str(thing.arguments.get("name", thing.attributes.get("name")))
        if name.startswith(MADE_BY_BUILDBOT):
            continue
        entry = site.account.entry(Kind.SCHEDULERS, name, f"{cls.name} '{name}'", thing.place)
        kind = site.extracted.base_among(thing, KINDS)
        try:
            if kind is None:
                raise UnsayableError(f"a scheduler of the class {cls.name} has no counterpart", "write a trigger")
            old = OldScheduler(thing, cls, site, entry, built)
            made += [part for trigger in KINDS[kind](old) for part in _parts(trigger)]
            old.remark_unasked()
        except UnsayableError as error:
            entry.refuse(error.why, error.instead)
    return made


def _parts(trigger: NewTrigger) -> list[NewTrigger]:
    """A trigger that builds more builders than one may, as several."""
    builders = trigger.keys["build"]
    if len(builders) <= limits.MATRIX_CELLS:
        return [trigger]
    name = trigger.keys.get("name", "trigger")
    return [
        NewTrigger({**trigger.keys, "name": f"{name}-{number}", "build": builders[start : start + limits.MATRIX_CELLS]})
        for number, start in enumerate(range(0, len(builders), limits.MATRIX_CELLS), start=1)
    ]
