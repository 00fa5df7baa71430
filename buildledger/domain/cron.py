"""When a crontab expression is due: instants, computed from the wall times of a zone.

`CronSim` says which wall times an expression names, without any zone. What a wall time means is decided here, because
an instant can't be told from its wall time alone where clocks are set back. As in Debian's cron:

- An expression with set hours and minutes is due once a wall time: the first of two, and at the end of the gap if the
  wall time is left out.
- One whose hour or minute begins with `*` is due at every instant whose wall time it names.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from cronsim import CronSim

SECOND = timedelta(seconds=1)
LONGEST_WITHOUT_TWO_CHANGES = timedelta(hours=12)
"""No zone changes its offset twice within this time."""


def next_run(at: str, zone: str, after: datetime) -> datetime:
    """The first instant after `after` that a crontab expression names, in its zone; UTC."""
    start = after.astimezone(UTC).replace(microsecond=0)
    find = _next_wall_time if _has_set_times(at) else _next_instant
    return find(at, ZoneInfo(zone), start)


def last_run(at: str, zone: str, until: datetime) -> datetime:
    """The last instant, `until` included, that a crontab expression names, in its zone; UTC.

    It is one that `next_run` gives, so nothing is due that isn't found, and the other way round.
    """
    end = until.astimezone(UTC).replace(microsecond=0)
    back = timedelta(minutes=1)
    while (low := next_run(at, zone, end - back)) > end:
        back *= 2
    high = end
    while high - low > SECOND:
        found = next_run(at, zone, low + (high - low) / 2)
        if found <= end:
            low = found
        else:
            high = low + (high - low) / 2
    return low


def _has_set_times(at: str) -> bool:
    minute, hour, *_ = at.split()
    return not minute.startswith("*") and not hour.startswith("*")


def _next_wall_time(at: str, zone: ZoneInfo, after: datetime) -> datetime:
    """For each wall time one instant; these are in the order of the wall times, so the first that is later is next."""
    for wall in CronSim(at, _wall(after, zone)):
        if (instant := _instant(wall, zone)) > after:
            return instant
    raise AssertionError("CronSim ends by StopIteration only")


def _next_instant(at: str, zone: ZoneInfo, after: datetime) -> datetime:
    """Between two changes of the zone's offset instants and wall times run alike; so one such time after another."""
    start = after + SECOND
    while True:
        offset = _offset(start, zone)
        instant = _utc(next(CronSim(at, _wall(start, zone) - SECOND)), offset)
        change = _first_change(start, instant, zone)
        if change is None:
            return instant
        start = change


def _instant(wall: datetime, zone: ZoneInfo) -> datetime:
    """When clocks show a wall time first; when they jump over it, the instant at which they do."""
    offset = wall.replace(tzinfo=zone, fold=0).utcoffset()
    assert offset is not None
    instant = _utc(wall, offset)
    if _wall(instant, zone) == wall:
        return instant
    # The wall time is left out. PEP 495: with `fold` 0 it is read with the offset from before, and so is too late.
    return _bisect(lambda moment: _wall(moment, zone) > wall, instant - timedelta(days=2), instant)


def _first_change(start: datetime, end: datetime, zone: ZoneInfo) -> datetime | None:
    """The first instant after `start`, `end` included, from which clocks have another offset; None if there is none."""
    offset = _offset(start, zone)
    while start < end:
        later = min(start + LONGEST_WITHOUT_TWO_CHANGES, end)
        if _offset(later, zone) != offset:
            return _bisect(lambda moment: _offset(moment, zone) != offset, start, later)
        start = later
    return None


def _bisect(holds: Callable[[datetime], bool], before: datetime, when: datetime) -> datetime:
    """The first whole second at which something holds: at `when` it does, `before` it doesn't."""
    low, high = 0, int((when - before).total_seconds())
    while high - low > 1:
        middle = (low + high) // 2
        if holds(before + middle * SECOND):
            high = middle
        else:
            low = middle
    return before + high * SECOND


def _wall(instant: datetime, zone: ZoneInfo) -> datetime:
    return instant.astimezone(zone).replace(tzinfo=None, fold=0)


def _utc(wall: datetime, offset: timedelta) -> datetime:
    return (wall - offset).replace(tzinfo=UTC)


def _offset(instant: datetime, zone: ZoneInfo) -> timedelta:
    offset = instant.astimezone(zone).utcoffset()
    assert offset is not None
    return offset
