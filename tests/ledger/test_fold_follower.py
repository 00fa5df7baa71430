"""A fold that follows the ledger: every fact once and in order, from the checkpoint that it saved, whatever fails."""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Collection, Sequence

import msgspec
import pytest

from buildledger.events.fact import Recorded
from buildledger.events.log import LogFinished
from buildledger.events.projection import ProjectionSkipped
from buildledger.ledger.errors import StoreError
from buildledger.ledger.fold_follower import FoldFollower
from buildledger.ledger.ledger import Ledger
from buildledger.ledger.store import Checkpoint
from tests.ledger.samples import CLOCK, SYSTEM, finish_log, open_log
from tests.ledger.waiting import DEADLINE_SECONDS


class Positions:
    """Remembers the positions of all facts."""

    NAME = "positions"
    VERSION = 3

    def __init__(self) -> None:
        self.all: list[int] = []
        self.read: list[int] = []
        """Those that came from the ledger and not from the checkpoint."""
        self.batches = 0
        self.failures: list[Exception] = []
        self.acting_fails = 0

    def restore(self, state: bytes) -> None:
        self.all = msgspec.json.decode(state, type=list[int])

    def snapshot(self) -> bytes:
        return msgspec.json.encode(self.all)

    def apply(self, recorded: Recorded) -> None:
        if self.failures:
            raise self.failures.pop()
        self.all.append(recorded.position)
        self.read.append(recorded.position)

    def batch_applied(self) -> None:
        if self.acting_fails:
            self.acting_fails -= 1
            raise RuntimeError("broken")
        self.batches += 1


async def record(ledger: Ledger, count: int, name: str = "log") -> None:
    for number in range(count):
        await ledger.execute(open_log(f"{name} {number}"), origin=SYSTEM)


async def test_everything_is_folded_when_it_has_started(ledger: Ledger) -> None:
    """A start returns with the whole past folded; what comes later follows."""
    await record(ledger, 5)
    fold = Positions()
    follower = FoldFollower(ledger, fold)
    await follower.start()
    assert (fold.all, follower.position) == ([1, 2, 3, 4, 5], 5)
    await record(ledger, 1, "later")
    async with asyncio.timeout(DEADLINE_SECONDS):
        await follower.reached(6)
    assert fold.all[-1] == 6
    await follower.stop()


async def test_goes_on_from_its_checkpoint(ledger: Ledger) -> None:
    """What was folded before a stop isn't read again."""
    await record(ledger, 3)
    follower = FoldFollower(ledger, Positions())
    await follower.start()
    await follower.stop()
    await record(ledger, 2, "later")
    fold = Positions()
    follower = FoldFollower(ledger, fold)
    await follower.start()
    assert (fold.all, fold.read) == ([1, 2, 3, 4, 5], [4, 5])
    await follower.stop()


async def test_checkpoint_of_another_version(ledger: Ledger) -> None:
    """A checkpoint of another version of the fold isn't used: everything is read again."""
    await record(ledger, 3)
    ledger.save_checkpoint(Positions.NAME, Checkpoint(Positions.VERSION - 1, 3, b"[7, 7, 7]"))
    fold = Positions()
    follower = FoldFollower(ledger, fold)
    await follower.start()
    assert (fold.all, fold.read) == ([1, 2, 3], [1, 2, 3])
    await follower.stop()


async def test_saves_as_it_goes(ledger: Ledger) -> None:
    """A process that is killed later reads no more than so many facts again."""
    fold = Positions()
    follower = FoldFollower(ledger, fold, checkpoint_facts=2)
    await follower.start()
    for number in range(4):
        await record(ledger, 1, f"one {number}")
        await follower.reached(ledger.head())
    await record(ledger, 1, "last")
    await follower.reached(ledger.head())
    checkpoint = ledger.checkpoint(Positions.NAME)
    assert checkpoint is not None
    assert checkpoint.position >= 4
    await follower.stop()


async def test_a_cause_that_passes_is_waited_for(ledger: Ledger, caplog: pytest.LogCaptureFixture) -> None:
    """A database that is away and files that ran out cost nothing but time: no fact is left out or repeated."""
    fold = Positions()
    fold.failures = [StoreError("away"), OSError(errno.EMFILE, "too many open files")]
    await record(ledger, 3)
    follower = FoldFollower(ledger, fold, retry_seconds=0.01)
    async with asyncio.timeout(DEADLINE_SECONDS):
        await follower.start()
    assert fold.all == [1, 2, 3]
    assert "waits for the ledger at position 0" in caplog.text
    assert ledger.head() == 3
    await follower.stop()


async def test_what_a_fold_could_not_act_on_it_acts_on_later(ledger: Ledger) -> None:
    """A batch that the fold failed to act on is acted on again, without any further fact; nobody is told before."""
    positions = Positions()
    follower = FoldFollower(ledger, positions, retry_seconds=0.01)
    await follower.start()
    before, positions.acting_fails = positions.batches, 2
    await record(ledger, 1)
    async with asyncio.timeout(DEADLINE_SECONDS):
        await follower.reached(ledger.head())
    assert (positions.acting_fails, positions.batches) == (0, before + 1)
    assert positions.all == list(range(1, ledger.head() + 1))
    await follower.stop()


class CannotSave(Ledger):
    """The real one; checkpoints can't be written."""

    trouble: Exception

    def save_checkpoint(self, name: str, checkpoint: Checkpoint) -> None:
        """See `Ledger`."""
        raise self.trouble


@pytest.mark.parametrize(
    ("trouble", "traced"), [(OSError(errno.ENOSPC, "no space left on device"), False), (ValueError("a bug"), True)]
)
async def test_a_passing_cause_is_logged_in_a_line(
    database_url: str, caplog: pytest.LogCaptureFixture, trouble: Exception, traced: bool
) -> None:
    """What the surroundings do to a server is said in words; a traceback points at a fault of its own."""
    ledger = CannotSave.open(database_url, clock=CLOCK)
    assert isinstance(ledger, CannotSave)
    ledger.trouble = trouble
    follower = FoldFollower(ledger, Positions())
    await follower.start()
    await follower.save()
    (entry,) = (entry for entry in caplog.records if "can't save a checkpoint" in entry.getMessage())
    assert bool(entry.exc_info) == traced
    await follower.stop()
    ledger.close()


@pytest.mark.parametrize("fails_fast", [False, True])
async def test_a_fact_that_a_fold_fails_on_is_set_aside(ledger: Ledger, fails_fast: bool) -> None:
    """By a fact of its own; the fold goes on with the next one, and doesn't stop its server."""
    fold = Positions()
    fold.failures = [ValueError("odd")]
    await record(ledger, 3)
    follower = FoldFollower(ledger, fold, fails_fast=fails_fast)
    async with asyncio.timeout(DEADLINE_SECONDS):
        await follower.start()
        await follower.reached(4)
    assert fold.all == [2, 3, 4]
    skipped = ledger.at(4).fact
    assert skipped == ProjectionSkipped(
        reader="positions", reader_version=3, position=1, fact="log.opened.v1", reason="ValueError: odd"
    )
    await follower.stop()


class AwayLedger(Ledger):
    """One that can't be read a few times."""

    failures_left = 0

    def read(self, after: int, limit: int, names: Collection[str] = ()) -> Sequence[Recorded]:
        if self.failures_left:
            self.failures_left -= 1
            raise StoreError("away")
        return super().read(after, limit, names)


async def test_catching_up_reads_what_matters_and_waits_for_the_database(database_url: str) -> None:
    """By name only the named facts are read, though all of them count as folded; a database that is away is awaited."""
    ledger = AwayLedger.open(database_url, clock=CLOCK)
    assert isinstance(ledger, AwayLedger)
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    try:
        await record(ledger, 3)
        await ledger.execute(finish_log("log 0"), origin=SYSTEM)
        await record(ledger, 2, "later")
        ledger.failures_left = 2
        fold = Positions()
        follower = FoldFollower(ledger, fold, names=[LogFinished.NAME], fails_fast=True, retry_seconds=5.0, sleep=sleep)
        await follower.restore()
        await follower.catch_up()
        assert (fold.all, follower.position, slept) == ([4], 6, [5.0, 5.0])
    finally:
        ledger.close()


class Deaf(Positions):
    """One that can't act on what it folded."""

    def batch_applied(self) -> None:
        raise ValueError("can't act")


async def test_a_fold_that_must_not_go_on_stops_its_follower(ledger: Ledger) -> None:
    """Where a failure to act is to be loud, it is raised, and not repeated."""
    await record(ledger, 2)
    follower = FoldFollower(ledger, Deaf(), fails_fast=True)
    with pytest.raises(ValueError, match="can't act"):
        await follower.follow()


async def test_follows_without_saving_when_its_owner_saves(ledger: Ledger) -> None:
    """An owner that changes the state between commands decides when it may be saved."""
    await record(ledger, 3)
    fold = Positions()
    follower = FoldFollower(ledger, fold, checkpoint_facts=2)
    task = asyncio.create_task(follower.follow(saves=False))
    await follower.reached(3)
    assert ledger.checkpoint(Positions.NAME) is None
    await follower.save_if_due()
    saved = ledger.checkpoint(Positions.NAME)
    assert saved is not None
    assert saved.position == 3
    task.cancel()
