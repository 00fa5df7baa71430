"""Compares when crontab expressions are due with what two other libraries say, around changes of zones' clocks."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import pairwise, takewhile
from zoneinfo import ZoneInfo

from croniter import croniter
from cronsim import CronSim

from buildledger.domain.cron import next_run

SET_TIMES = ("30 2 * * *", "15 0 * * *", "59 23 * * *", "30 1,2,3 * * *", "0,30 1-3 * * 0", "5,10,15 2 * * *")
"""Due once a wall time."""
EVERY = ("*/20 * * * *", "0 * * * *", "*/10 3 * * *", "0 */2 * * *", "7 */3 * * *", "* 2 * * *")
"""Due at each instant whose wall time they name."""
ODD_ZONES = (
    "Australia/Lord_Howe",
    "Pacific/Chatham",
    "Europe/Dublin",
    "Africa/Casablanca",
    "Pacific/Apia",
    "Antarctica/Troll",
    "Africa/El_Aaiun",
    "America/Havana",
    "America/Santiago",
)
"""Half an hour of summer time, quarters of hours, negative summer time, Ramadan, a day that was left out, …"""
ZONES = (
    *ODD_ZONES,
    "Pacific/Easter",
    "America/Asuncion",
    "Asia/Beirut",
    "Asia/Gaza",
    "Asia/Hebron",
    "Asia/Jerusalem",
    "Africa/Cairo",
    "Asia/Tehran",
    "Asia/Damascus",
    "Asia/Amman",
    "America/Sao_Paulo",
    "America/Cuiaba",
    "America/Nuuk",
    "America/Scoresbysund",
    "Atlantic/Azores",
    "America/Miquelon",
    "America/St_Johns",
    "America/Halifax",
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "America/Phoenix",
    "America/Los_Angeles",
    "America/Anchorage",
    "America/Adak",
    "America/Tijuana",
    "America/Mexico_City",
    "America/Port-au-Prince",
    "Atlantic/Bermuda",
    "Europe/London",
    "Europe/Lisbon",
    "Europe/Berlin",
    "Europe/Athens",
    "Europe/Moscow",
    "Europe/Istanbul",
    "Europe/Chisinau",
    "Europe/Kyiv",
    "Asia/Nicosia",
    "Asia/Ulaanbaatar",
    "Australia/Sydney",
    "Australia/Adelaide",
    "Australia/Hobart",
    "Pacific/Auckland",
    "Pacific/Fiji",
    "Pacific/Norfolk",
    "Pacific/Tongatapu",
    "America/Caracas",
    "Asia/Pyongyang",
    "Asia/Kolkata",
)
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)


def offset(at: datetime, zone: ZoneInfo) -> timedelta:
    """How far clocks are ahead of UTC."""
    found = at.astimezone(zone).utcoffset()
    assert found is not None
    return found


@cache
def clock_changes(name: str, year: int) -> tuple[datetime, ...]:
    """The instants, less than a day before, at which a zone's clocks were or will be changed in a year."""
    zone, start = ZoneInfo(name), datetime(year, 1, 1, tzinfo=UTC)
    times = [start + n * 24 * HOUR for n in range(366)]
    return tuple(at for at, later in pairwise(times) if offset(at, zone) != offset(later, zone))


def ours(at: str, zone: str, begin: datetime, end: datetime) -> list[datetime]:
    """Each found from the one before alone, as after a restart."""
    found, after = [], begin
    while (after := next_run(at, zone, after)) <= end:
        found.append(after)
    return found


def difference(at: str, name: str, change: datetime) -> str | None:
    """What differs around a change of a zone's clocks and has no known reason; None if nothing does.

    Known is what croniter does beyond Debian's cron. Where clocks aren't whole hours from UTC the others are wrong, or
    search without end; there the definition is applied to each minute.
    """
    zone, begin, end = ZoneInfo(name), change - 26 * HOUR, change + 48 * HOUR
    found = ours(at, name, begin, end)
    if offset(begin, zone) % HOUR or offset(end, zone) % HOUR:
        defined = _by_definition(at, zone, begin, end)
        return f"by definition: {_told(set(found) ^ set(defined))}" if found != defined else None
    simulated = _theirs(iter(CronSim(at, begin.astimezone(zone))), end)
    if found != simulated:
        return f"cronsim: {_told(set(found) ^ set(simulated))}"
    other = _theirs(_by_croniter(at, begin.astimezone(zone)), end)
    if missing := set(found) - set(other):
        return f"croniter hasn't {_told(missing)}"
    unexplained = {each for each in set(other) - set(found) if not _is_explained(each, at, zone)}
    return f"croniter has {_told(unexplained)}" if unexplained else None


def _by_definition(at: str, zone: ZoneInfo, begin: datetime, end: datetime) -> list[datetime]:
    """Each minute whose wall time is named: of set times the first, and the end of a gap that has one."""
    minutes, hours, *_, weekdays = croniter.expand(at)[0]

    def named(wall: datetime) -> bool:
        fields = ((minutes, wall.minute), (hours, wall.hour), (weekdays, wall.isoweekday() % 7))
        return all(allowed == ["*"] or value in allowed for allowed, value in fields)

    found, instant, before = [], begin, begin.astimezone(zone).replace(tzinfo=None)
    while (instant := instant + MINUTE) <= end:
        local = instant.astimezone(zone)
        wall = local.replace(tzinfo=None, fold=0)
        left_out = (before + MINUTE * n for n in range(1, (wall - before) // MINUTE))
        first = named(wall) and not local.fold
        if named(wall) if at in EVERY else first or any(named(each) for each in left_out):
            found.append(instant)
        before = wall
    return found


def _told(times: set[datetime]) -> str:
    return ", ".join(sorted(each.isoformat() for each in times))


def _theirs(times: Iterator[datetime], end: datetime) -> list[datetime]:
    return list(takewhile(lambda each: each <= end, (each.astimezone(UTC) for each in times)))


def _by_croniter(at: str, begin: datetime) -> Iterator[datetime]:
    iterator = croniter(at, begin)
    while True:
        yield iterator.get_next(datetime)


def _is_explained(extra: datetime, at: str, zone: ZoneInfo) -> bool:
    """What croniter does beyond Debian's cron: it repeats set times, and makes up for what `*` names in a gap."""
    if at in SET_TIMES:
        return extra.astimezone(zone).fold == 1
    return offset(extra, zone) > offset(extra - SECOND, zone)
