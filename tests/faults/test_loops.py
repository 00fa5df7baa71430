"""A bounded part of the long loops that `make faults` runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.loop import Loop, LoopOptions, LoopOutcome, row
from tests.faults.loops import alterations, commands, extremes, kills, messages, reloads
from tests.faults.loops.catalogue import LOOPS

ROOT = Path(__file__).parent.parent.parent
KILLS = 4
RELOAD_KILLS = 2
REQUESTS = 30
ALTERATIONS = 60
EXTREMES = 150
MESSAGES = 40


def quietly(_: str) -> None:
    """Say nothing."""


def options(directory: Path, count: int, seed: int) -> LoopOptions:
    """What a loop is told in a test."""
    return LoopOptions(directory=directory, count=count, seed=seed, say=quietly)


def test_alterations(tmp_path: Path) -> None:
    """Stored things of every kind are altered, with other places and bits than in the tests of each kind."""
    outcome = alterations.of_everything(options(tmp_path, ALTERATIONS, seed=23))
    assert (outcome.done, outcome.details) == (ALTERATIONS, [])


def test_kills_on_sqlite(tmp_path: Path) -> None:
    """Server, worker and both are killed: nothing is stuck, lost or done twice."""
    outcome = kills.on_sqlite(options(tmp_path, KILLS, seed=3))
    assert (outcome.done, outcome.details) == (KILLS, [])


def test_reloads(tmp_path: Path) -> None:
    """The server is killed while it is given one configuration after the other: no build is of two of them."""
    outcome = reloads.on_sqlite(options(tmp_path, RELOAD_KILLS, seed=11))
    assert (outcome.done, outcome.details) == (RELOAD_KILLS, [])


def test_commands(tmp_path: Path) -> None:
    """Builds are stopped, cancelled and held up at any moment: none is stuck, and none goes on after a stop."""
    outcome = commands.of_people(options(tmp_path, REQUESTS, seed=7))
    assert (outcome.done, outcome.details) == (REQUESTS, [])


@pytest.mark.postgresql
def test_extremes(tmp_path: Path, database_url: str, postgresql_url: str) -> None:
    """What nobody expects comes through commands and the API: refused clearly, or readable in views of both kinds."""
    outcome = LoopOutcome()
    extremes.run(tmp_path, database_url, postgresql_url, EXTREMES, 5, outcome)
    assert outcome.details == []
    assert outcome.done >= EXTREMES


async def test_extremes_of_workers(tmp_path: Path) -> None:
    """What a worker says that nobody expects ends its operation in a way that every view can hold."""
    outcome = LoopOutcome()
    await messages.run(tmp_path, MESSAGES, 3, outcome)
    assert (outcome.done, outcome.details) == (MESSAGES, [])


@pytest.mark.postgresql
def test_kills_on_postgresql(tmp_path: Path) -> None:
    """Two servers, the worker and PostgreSQL itself are killed: nothing is stuck, lost or done twice."""
    outcome = kills.on_postgresql(options(tmp_path, KILLS, seed=5))
    assert (outcome.done, outcome.details) == (KILLS, [])


def test_each_loop_has_its_own_name_and_a_line_of_the_manual() -> None:
    """The table of `docs/reliability.md` has a line for each loop."""
    page = (ROOT / "docs/reliability.md").read_text()
    assert len({loop.name for loop in LOOPS}) == len(LOOPS)
    assert [loop.name for loop in LOOPS if f"| {loop.name} |" not in page] == []


def test_a_row_says_what_went_wrong() -> None:
    """Kinds that were found are counted, also one that the loop didn't foresee; the others say 0."""
    outcome = LoopOutcome(done=1200, note="2 servers")
    for kind in ("lost", "lost", "odd"):
        outcome.add(kind, "here")
    loop = Loop(name="kills", unit="kills", count=9, kinds=("stuck", "lost"), run=kills.on_sqlite)
    assert row(loop, outcome, 90) == "| kills | 1,200 kills | 0 stuck, 2 lost, 1 odd | 2 servers | 2 min |"
