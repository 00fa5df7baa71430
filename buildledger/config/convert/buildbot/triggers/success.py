"""`Dependent` → success triggers."""

from __future__ import annotations

from buildledger.config.convert.buildbot.account import UnsayableError
from buildledger.config.convert.buildbot.described import Thing
from buildledger.config.convert.buildbot.triggers.trigger import NewTrigger, OldScheduler


def dependent(old: OldScheduler) -> list[NewTrigger]:
    """Builds that follow when all builders of another scheduler have succeeded."""
    upstream = old.argument("upstream")
    if not isinstance(upstream, Thing):
        raise UnsayableError("the scheduler it follows isn't known", "name the builders that it waits for in `of`")
    of = old.builders_of(upstream)
    old.remark_properties()
    known = set(of)
    build = [each for each in old.builders() if each not in known]
    if not build:
        raise UnsayableError("it builds what it waits for", "have a builder of its own wait for the others")
    return [NewTrigger({"on": "success", "name": old.name, "of": of, "build": build})]
