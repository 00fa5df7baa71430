"""When crontab expressions are due, compared with two other libraries around the clock changes of fifty zones."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from buildledger.domain.cron import last_run, next_run
from tests.domain.cron_comparison import (
    EVERY,
    HOUR,
    ODD_ZONES,
    SECOND,
    SET_TIMES,
    ZONES,
    clock_changes,
    difference,
    ours,
)

YEARS = (2024, 2025, 2026)
YEARS_OF = {"Pacific/Apia": (2009, 2010, 2011, 2012)}
"""The island's clocks are changed no more; in these years they were, and jumped over a day."""


def test_every_change_of_the_clocks_in_three_years_is_met_as_by_other_libraries() -> None:
    """In 58 zones, the odd ones among them; `make faults` has all changes of 29 years with all expressions."""
    changes = [(name, at) for name in ZONES for year in YEARS_OF.get(name, YEARS) for at in clock_changes(name, year)]
    assert len(changes) > 200
    expressions = (*SET_TIMES, *EVERY, SET_TIMES[0])
    found = {
        (name, str(change), at): difference(at, name, change)
        for number, (name, change) in enumerate(changes)
        for at in (expressions[number % len(expressions)],)
    }
    assert {case: said for case, said in found.items() if said} == {}


def test_a_day_that_was_left_out() -> None:
    """On Samoa the 30th of December 2011 wasn't: its times are due when the 31st began, once; all others as ever."""
    begin = datetime(2011, 12, 29, 20, tzinfo=UTC)
    midnight = datetime(2011, 12, 30, 10, tzinfo=UTC)
    found = ours("30 12 * * *", "Pacific/Apia", begin, begin + 60 * HOUR)
    assert found == [
        datetime(2011, 12, 29, 22, 30, tzinfo=UTC),
        midnight,
        datetime(2011, 12, 30, 22, 30, tzinfo=UTC),
        datetime(2011, 12, 31, 22, 30, tzinfo=UTC),
    ]


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
