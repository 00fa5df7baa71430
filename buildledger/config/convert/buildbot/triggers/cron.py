"""`Nightly` and `Periodic` → cron triggers."""

from __future__ import annotations

from buildledger.config.convert.buildbot import values
from buildledger.config.convert.buildbot.account import UnsayableError
from buildledger.config.convert.buildbot.described import Function, ListOf, Thing, Value
from buildledger.config.convert.buildbot.site import entries, items
from buildledger.config.convert.buildbot.triggers.trigger import Keys, NewTrigger, OldScheduler

_DAYS = 7
_MINUTE, _HOUR, _DAY = 60, 3600, 86_400


def nightly(old: OldScheduler) -> list[NewTrigger]:
    """At set times."""
    fields = [
        _field(old.argument("minute", 0)),
        _field(old.argument("hour", "*")),
        _field(old.argument("dayOfMonth", "*")),
        _field(old.argument("month", "*")),
        _weekdays(old.argument("dayOfWeek", "*")),
    ]
    if old.argument("force_at_minute") is not None or old.argument("force_at_hour") is not None:
        old.entry.note("force_at", "times at which it builds even if nothing has changed", "add a second cron trigger")
    return [_trigger(old, " ".join(fields))]


def periodic(old: OldScheduler) -> list[NewTrigger]:
    """So often."""
    seconds = old.argument("periodicBuildTimer")
    if not isinstance(seconds, int | float):
        raise UnsayableError("how often it builds isn't known", "write the times in `at`")
    made = _trigger(old, _every(round(seconds)))
    made.comments.append("At set times: Buildbot counted from its own start.")
    return [made]


def _trigger(old: OldScheduler, at: str) -> NewTrigger:
    keys: Keys = {"on": "cron", "name": old.name, "at": at}
    if old.argument("onlyIfChanged") is True:
        keys["only_if_changed"] = True
    if isinstance(branch := old.argument("branch"), str) and branch:
        keys["branch"] = branch
    elif isinstance(found := _branch(old), str):
        keys["branch"] = found
    _remark_changes(old)
    old.remark_properties()
    return NewTrigger(
        {**keys, "build": old.builders()}, ["In UTC; Buildbot's times were those of its machine: `zone`."]
    )


def _branch(old: OldScheduler) -> str | None:
    """What its only codebase, or its filter, says."""
    named = [entries(each).get("branch") for each in entries(old.argument("codebases")).values()]
    if isinstance(filtered := old.argument("change_filter"), Thing):
        named += items(filtered.arguments.get("branch"))
    branches = {each for each in named if isinstance(each, str) and each}
    if len(branches) > 1:
        old.entry.note("branch", f"it builds one branch, not {len(branches)}", "add a cron trigger for each")
        return None
    return next(iter(branches), None)


def _remark_changes(old: OldScheduler) -> None:
    """Which commits count is asked only of those that build if something has changed."""
    if old.argument("onlyIfChanged") is not True:
        return
    why = "it builds if anything has changed since its last build"
    instead = "say which files count in the builders' `when`"
    if isinstance(important := old.argument("fileIsImportant"), Function):
        at = values.where(important.place)
        old.entry.note("fileIsImportant", f"{why}: '{important.name}'{at} isn't asked", instead)
    filtered = old.argument("change_filter")
    if isinstance(filtered, Thing):
        keys = sorted(key for key, value in filtered.arguments.items() if key != "branch" and _is_said(value))
        if keys:
            old.entry.note("change_filter", f"{why}: the filter's {', '.join(keys)} isn't asked", instead)


def _is_said(value: Value) -> bool:
    return value not in (None, "") and value != ListOf([])


def _field(value: Value) -> str:
    """One of the five fields of cron.

    Raises:
        UnsayableError: It isn't made of numbers and texts.
    """
    if not all(isinstance(each, int | str) for each in items(value)):
        raise UnsayableError("its times are made by code", "write them as the five fields of cron")
    return ",".join(str(each) for each in items(value))


def _weekdays(value: Value) -> str:
    """Buildbot counts days from Monday as 0, cron from Sunday; what is a text is cron's already. Raises as `_field`."""
    return _field(ListOf([(each + 1) % _DAYS if isinstance(each, int) else each for each in items(value)]))


def _every(seconds: int) -> str:
    minutes, rest = divmod(seconds, _MINUTE)
    if not rest and minutes and _HOUR % seconds == 0:
        return f"*/{minutes} * * * *" if seconds < _HOUR else "0 * * * *"
    if seconds % _HOUR == 0 and seconds and _DAY % seconds == 0:
        return f"0 */{seconds // _HOUR} * * *" if seconds < _DAY else "0 0 * * *"
    if seconds == _DAYS * _DAY:
        return "0 0 * * 0"
    raise UnsayableError(
        f"every {seconds} s can't be said by the five fields of cron", "choose times that divide an hour or a day"
    )
