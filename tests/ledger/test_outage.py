"""What fails again and again has a few lines in the log, not one each time."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta

import pytest

from buildledger.ledger.outage import CALM_AFTER, REASONS_MAX, REMINDED_AFTER, SETTLED_AFTER, Outage
from buildledger.testing.clock import VirtualClock

START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.fixture
def clock() -> VirtualClock:
    """A time that tests move."""
    return VirtualClock(START)


@pytest.fixture
def outage(clock: VirtualClock) -> Outage:
    """Of a ledger that can't be written."""
    return Outage(
        logging.getLogger("outage"), clock, level=logging.ERROR, failing="it fails", passed="it goes on", noun="command"
    )


def test_it_is_said_once_and_again_when_it_has_passed(
    outage: Outage, clock: VirtualClock, caplog: pytest.LogCaptureFixture
) -> None:
    """Two lines for a thousand refused commands: the second says how many they were, and since when."""
    for _ in range(500):
        outage.failed("full", 2)
        clock.set(clock.now() + timedelta(seconds=1))
    clock.set(clock.now() + SETTLED_AFTER)
    outage.succeeded()
    outage.succeeded()
    assert [(record.levelname, record.message) for record in caplog.records] == [
        ("ERROR", "it fails: full; 2 commands since 2026-01-02 03:04:05 UTC"),
        ("WARNING", "it goes on; 1,000 commands since 2026-01-02 03:04:05 UTC"),
    ]


def test_it_is_said_again_while_it_lasts(outage: Outage, clock: VirtualClock, caplog: pytest.LogCaptureFixture) -> None:
    """Whoever looks at the end of the log sees that it isn't over."""
    outage.failed("full")
    clock.set(clock.now() + REMINDED_AFTER)
    outage.failed("full")
    assert caplog.messages[1:] == ["it fails: full; 2 commands since 2026-01-02 03:04:05 UTC"]


def test_what_finds_room_in_between_is_no_end(
    outage: Outage, clock: VirtualClock, caplog: pytest.LogCaptureFixture
) -> None:
    """On a full disk a small command now and then succeeds: it goes on as one outage."""
    for _ in range(3):
        outage.failed("full")
        outage.succeeded()
    clock.set(clock.now() + SETTLED_AFTER)
    outage.succeeded()
    assert caplog.messages[1:] == ["it goes on; 3 commands since 2026-01-02 03:04:05 UTC"]


def test_another_reason_is_said(outage: Outage, caplog: pytest.LogCaptureFixture) -> None:
    """A disk that is full and then read-only has two lines; reasons without end don't have one each."""
    for reason in ("full", "read-only", "full", "read-only", *map(str, range(100))):
        outage.failed(reason)
    assert len(caplog.messages) == REASONS_MAX


def test_the_next_outage_begins_anew(outage: Outage, clock: VirtualClock, caplog: pytest.LogCaptureFixture) -> None:
    """Its count and its beginning are its own; where nobody is told of successes, silence counts as the end."""
    outage.failed("full")
    outage.calm()
    outage.failed("full")
    clock.set(clock.now() + 2 * CALM_AFTER)
    outage.calm()
    outage.failed("full")
    assert caplog.messages == [
        "it fails: full; 1 command since 2026-01-02 03:04:05 UTC",
        "it fails: full; 1 command since 2026-01-02 03:06:05 UTC",
    ]
