"""When crontab expressions are due, compared with two other libraries around the clock changes of fifty zones."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise, takewhile
from zoneinfo import ZoneInfo, available_timezones

import pytest
from croniter import croniter
from cronsim import CronSim
from hypothesis import given
from hypothesis import strategies as st

from buildledger.domain.cron import last_run, next_run

ZONES_COUNT = 50
EXPRESSIONS_EACH = 4
SEED = 20261025
SET_TIMES = ("30 2 * * *", "15 0 * * *", "59 23 * * *", "30 1,2,3 * * *", "0,30 1-3 * * 0", "5,10,15 2 * * *")
"""Due once a wall time."""
EVERY = ("*/20 * * * *", "0 * * * *", "*/10 3 * * *", "0 */2 * * *", "7 */3 * * *", "* 2 * * *")
"""Due at each instant whose wall time they name."""
ODD_ZONES = ("Australia/Lord_Howe", "Pacific/Apia", "America/Havana", "Africa/Casablanca", "Antarctica/Troll")
SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)


def offset(at: datetime, zone: ZoneInfo) -> timedelta:
    found = at.astimezone(zone).utcoffset()
    assert found is not None
    return found


def clock_changes(name: str, year: int) -> list[datetime]:
    """The instants, to six hours, at which a zone's clocks were or will be changed in a year."""
    zone, start = ZoneInfo(name), datetime(year, 1, 1, tzinfo=UTC)
    times = [start + n * 6 * HOUR for n in range(366 * 4)]
    return [at for at, later in pairwise(times) if offset(at, zone) != offset(later, zone)]


def cases() -> list[tuple[str, datetime]]:
    """A clock change of each of fifty zones that have some, the odd ones among them."""
    chosen, found = random.Random(SEED), []
    names = [*ODD_ZONES, *chosen.sample(sorted(available_timezones()), 400)]
    for name in dict.fromkeys(names):
        year = 2011 if name == "Pacific/Apia" else chosen.randrange(1975, 2037)
        if changes := clock_changes(name, year):
            found.append((name, chosen.choice(changes)))
        if len(found) == ZONES_COUNT:
            break
    return found


def ours(at: str, zone: str, begin: datetime, end: datetime) -> list[datetime]:
    """Each found from the one before alone, as after a restart."""
    found, after = [], begin
    while (after := next_run(at, zone, after)) <= end:
        found.append(after)
    return found


def theirs(times: Iterator[datetime], end: datetime) -> list[datetime]:
    return list(takewhile(lambda each: each <= end, (each.astimezone(UTC) for each in times)))


def by_croniter(at: str, begin: datetime) -> Iterator[datetime]:
    iterator = croniter(at, begin)
    while True:
        yield iterator.get_next(datetime)


def is_explained(extra: datetime, at: str, zone: ZoneInfo) -> bool:
    """What croniter does beyond Debian's cron: it repeats set times, and makes up for what `*` names in a gap."""
    if at in SET_TIMES:
        return extra.astimezone(zone).fold == 1
    return offset(extra, zone) > offset(extra - SECOND, zone)


def test_clock_changes_of_fifty_zones_are_met_as_by_other_libraries() -> None:
    """All that we find others find, and what only they find is known: half-hour changes, repetition, making up."""
    chosen = random.Random(SEED)
    assert len(cases()) == ZONES_COUNT
    for name, change in cases():
        zone, begin, end = ZoneInfo(name), change - 26 * HOUR, change + 48 * HOUR
        for at in chosen.sample((*SET_TIMES, *EVERY), EXPRESSIONS_EACH):
            found = ours(at, name, begin, end)
            simulated = theirs(iter(CronSim(at, begin.astimezone(zone))), end)
            whole_hours = not (offset(begin, zone) % HOUR or offset(end, zone) % HOUR)
            assert found == simulated or (not whole_hours and set(found) >= set(simulated)), (at, name, change)
            other = theirs(by_croniter(at, begin.astimezone(zone)), end)
            if whole_hours:
                assert set(found) <= set(other), (at, name, change)
                extra = set(other) - set(found)
                assert all(is_explained(each, at, zone) for each in extra), (at, name, change, extra)


@pytest.mark.parametrize(
    ("at", "runs"),
    [
        ("30 2 * * *", [(0, 30), (25, 30)]),
        ("*/30 2 * * *", [(0, 0), (0, 30), (1, 0), (1, 30), (25, 0), (25, 30)]),
        ("0 3 * * *", [(2, 0), (26, 0)]),
    ],
)
def test_the_hour_that_is_repeated(at: str, runs: list[tuple[int, int]]) -> None:
    """Set times are due in the first of the two hours; what is due at every half hour, in both."""
    begin = datetime(2026, 10, 25, tzinfo=UTC)
    found = ours(at, "Europe/Berlin", begin - SECOND, begin + timedelta(hours=26))
    assert found == [begin + timedelta(hours=hours, minutes=minutes) for hours, minutes in runs]


def test_the_second_of_two_equal_hours() -> None:
    """Whoever asks in it is told of the next day, and that the last run was in the first."""
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    for minutes in (31, 40, 60, 89):
        asked = first + timedelta(minutes=minutes)
        assert next_run("30 2 * * *", "Europe/Berlin", asked) == first + timedelta(hours=25)
        assert last_run("30 2 * * *", "Europe/Berlin", asked) == first


def test_the_hour_that_is_left_out() -> None:
    """Set times in it are due when it would have been; what names it by `*` isn't due at all."""
    begin = datetime(2026, 3, 29, tzinfo=UTC)
    assert ours("30 2 * * *", "Europe/Berlin", begin, begin + 24 * HOUR) == [begin + HOUR]
    assert ours("*/5 2 * * *", "Europe/Berlin", begin, begin + 23 * HOUR) == []


ANY_EXPRESSION = st.sampled_from([*SET_TIMES, *EVERY, "0 3 1 * *", "30 12 * * 1"])
ANY_ZONE = st.sampled_from([*ODD_ZONES, "Europe/Berlin", "America/New_York", "America/Santiago", "UTC"])
ANY_TIME = st.datetimes(datetime(1980, 1, 1), datetime(2036, 1, 1), timezones=st.just(UTC))


@given(ANY_TIME, ANY_EXPRESSION, ANY_ZONE)
def test_the_last_run_is_the_newest_that_is_not_later(now: datetime, at: str, zone: str) -> None:
    """The one after it is still to come, and it comes next after any time just before it."""
    last = last_run(at, zone, now)
    assert last <= now < next_run(at, zone, last)
    assert next_run(at, zone, last - SECOND) == last


@given(ANY_TIME, ANY_EXPRESSION, ANY_ZONE)
def test_time_only_goes_on(after: datetime, at: str, zone: str) -> None:
    """What is due next is later, is a whole second, and doesn't depend on the parts of a second."""
    found = next_run(at, zone, after)
    assert found > after.replace(microsecond=0)
    assert found.microsecond == 0
    assert next_run(at, zone, after.replace(microsecond=0)) == found


HARD: list[Callable[[], datetime]] = [
    lambda: next_run("0 0 29 2 *", "Europe/Berlin", datetime(2096, 3, 1, tzinfo=UTC)),
    lambda: next_run("* * 29 2 *", "Europe/Berlin", datetime(2096, 3, 1, tzinfo=UTC)),
]


@pytest.mark.parametrize("far", HARD)
def test_what_is_due_in_eight_years_is_found(far: Callable[[], datetime]) -> None:
    """2100 is no leap year."""
    assert far() == datetime(2104, 2, 28, 23, tzinfo=UTC)
