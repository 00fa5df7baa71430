"""Schedulers whose counterpart is part of the format and not built in this version."""

from __future__ import annotations

from buildledger.config.convert.buildbot.account import UnsayableError
from buildledger.config.convert.buildbot.triggers.trigger import NewTrigger, OldScheduler


def called(old: OldScheduler) -> list[NewTrigger]:
    """`Triggerable`: what the step `Trigger` asks for."""
    raise UnsayableError(
        "builds that a step asks for come with the trigger `call` and the step `trigger` of a later version",
        "a success trigger where the build that asks needs no answer",
    )


def tried(old: OldScheduler) -> list[NewTrigger]:
    """`Try_Userpass`, `Try_Jobdir`: patches that people haven't committed."""
    raise UnsayableError(
        "building a patch that isn't committed comes with the trigger `try` of a later version",
        "push a branch: a change trigger builds it",
    )
