"""`ForceScheduler` → manual triggers."""

from __future__ import annotations

from buildledger.config.convert.buildbot.triggers.trigger import NewTrigger, OldScheduler


def force(old: OldScheduler) -> list[NewTrigger]:
    """Builds that a person asks for."""
    return [NewTrigger({"on": "manual", "name": old.name, "build": old.builders()})]
