"""Who is blamed: what came since the nearest green ancestors, and nobody when there was none."""

from __future__ import annotations

import msgspec
import sqlalchemy as sa

from buildledger.events.ids import BuildId
from buildledger.events.results import Result
from buildledger.projections.blamelist_tables import blame as blame_table
from buildledger.projections.projector import Projector
from buildledger.projections.views import Views
from tests.projections.samples import revision
from tests.projections.world import World


def blamed(views: Views, build_id: BuildId, as_of: int | None = None) -> tuple[str, int, list[int]]:
    """The baseline, the number of commits and the commits by number, of a build."""
    with views.read(as_of, "blamelist") as (reading,):
        blame = reading.table(blame_table)
        row = reading.first(sa.select(blame).where(blame.c.build_id == build_id))
    assert row is not None
    return row.baseline, row.commit_count, [int(one, 16) for one in msgspec.json.decode(row.commits)]


def test_nobody_is_blamed_before_the_first_green(world: World, views: Views, projector: Projector) -> None:
    """A stream that never was green has no baseline, however often it fails."""
    world.commit("main")
    world.build_once("lint", Result.FAILURE, at=1)
    world.commit("main", (1,))
    made = world.build_once("lint", Result.FAILURE, at=2)
    projector.catch_up()
    assert blamed(views, made) == ("none", 0, [])


def test_commits_since_the_last_green_are_blamed(world: World, views: Views, projector: Projector) -> None:
    """What neither a green build had nor a failed one cleared stays in the range until it is green again."""
    for number in range(1, 7):
        world.commit("main", (number - 1,) if number > 1 else ())
    world.build_once("lint", Result.SUCCESS, at=2)
    first = world.build_once("lint", Result.FAILURE, at=4)
    second = world.build_once("lint", Result.FAILURE, at=5)
    warned = world.build_once("lint", Result.WARNINGS, at=6)
    world.commit("main", (6,))
    after = world.build_once("lint", Result.FAILURE, at=7)
    projector.catch_up()
    assert blamed(views, first) == ("green", 2, [4, 3])
    assert blamed(views, second) == ("green", 3, [5, 4, 3])
    assert blamed(views, warned) == ("green", 4, [6, 5, 4, 3])
    assert blamed(views, after) == ("green", 1, [7])


def test_what_says_nothing_about_the_code_closes_no_range(world: World, views: Views, projector: Projector) -> None:
    """Skipped, cancelled, exception: none of them is a green."""
    for number in range(1, 4):
        world.commit("main", (number - 1,) if number > 1 else ())
    world.build_once("lint", Result.SUCCESS, at=1)
    for result in (Result.SKIPPED, Result.CANCELLED, Result.EXCEPTION):
        world.build_once("lint", result, at=2)
    made = world.build_once("lint", Result.FAILURE, at=3)
    projector.catch_up()
    assert blamed(views, made) == ("green", 2, [3, 2])


def test_another_builders_greens_are_no_baseline(world: World, views: Views, projector: Projector) -> None:
    """Each builder has its own."""
    world.commit("main", ())
    world.commit("main", (1,))
    world.build_once("tests[3.12]", Result.SUCCESS, at=1)
    made = world.build_once("lint", Result.FAILURE, at=2)
    projector.catch_up()
    assert blamed(views, made)[0] == "none"


def test_the_nearest_green_ancestor_counts_on_whatever_branch(world: World, views: Views, projector: Projector) -> None:
    """A red branch off a green main names its own commits at its first build."""
    world.commit("main", ())
    world.build_once("lint", Result.SUCCESS, at=1)
    world.commit("topic", (1,))
    world.commit("topic", (2,))
    made = world.build_once("lint", Result.FAILURE, at=3, branch="topic")
    projector.catch_up()
    assert blamed(views, made) == ("green", 2, [3, 2])


def test_a_fix_on_a_branch_clears_nobody_on_main(world: World, views: Views, projector: Projector) -> None:
    """A green build of commits that come after says nothing of those before it."""
    world.commit("main", ())
    world.build_once("lint", Result.SUCCESS, at=1)
    world.commit("main", (1,))
    world.commit("topic", (2,))
    world.build_once("lint", Result.SUCCESS, at=3, branch="topic")
    made = world.build_once("lint", Result.FAILURE, at=2)
    projector.catch_up()
    assert blamed(views, made) == ("green", 1, [2])


def test_a_merge_brings_its_branch(world: World, views: Views, projector: Projector) -> None:
    """All commits of a merged branch are in the range, not only the merge."""
    world.commit("main", ())
    world.build_once("lint", Result.SUCCESS, at=1)
    world.commit("topic", (1,))
    world.commit("topic", (2,))
    world.commit("main", (1,))
    merge = world.commit("main", (4, 3))
    made = world.build_once("lint", Result.FAILURE, at=merge)
    projector.catch_up()
    baseline, count, commits = blamed(views, made)
    assert (baseline, count, set(commits)) == ("green", 4, {2, 3, 4, 5})
    assert commits[0] == merge


def test_a_forced_push_leaves_lost_commits_out(world: World, views: Views, projector: Projector) -> None:
    """After a forced push the range begins where the new history left the last green one."""
    for number in range(1, 4):
        world.commit("main", (number - 1,) if number > 1 else ())
    world.build_once("lint", Result.SUCCESS, at=3)
    world.commit("main", (1,))
    made = world.build_once("lint", Result.FAILURE, at=4)
    projector.catch_up()
    assert blamed(views, made) == ("green", 1, [4])


def test_an_older_revision_after_a_newer_green(world: World, views: Views, projector: Projector) -> None:
    """A forced build of what came before a green one goes by the greens before it; of what was green, by itself."""
    for number in range(1, 5):
        world.commit("main", (number - 1,) if number > 1 else ())
    world.build_once("lint", Result.SUCCESS, at=1)
    world.build_once("lint", Result.SUCCESS, at=4)
    made = world.build_once("lint", Result.FAILURE, at=3)
    again = world.build_once("lint", Result.FAILURE, at=1)
    projector.catch_up()
    assert blamed(views, made) == ("green", 2, [3, 2])
    assert blamed(views, again) == ("green", 0, [])


def test_an_unknown_revision_says_so(world: World, views: Views, projector: Projector) -> None:
    """A revision that no change speaks of has no range."""
    world.commit("main", ())
    made = world.build_once("lint", Result.FAILURE, at=999)
    projector.catch_up()
    assert blamed(views, made) == ("unknown", 0, [])
    assert revision(999).endswith("3e7")


def test_the_answer_is_known_while_the_build_runs(world: World, views: Views, projector: Projector) -> None:
    """From the checkout on there is an answer, and it is corrected at the end if a green build came between."""
    for number in range(1, 4):
        world.commit("main", (number - 1,) if number > 1 else ())
    world.build_once("lint", Result.SUCCESS, at=1)
    world.submit("lint", "main", 3)
    slow = world.assign()
    assert slow is not None
    running = world.running[slow]
    running.result = Result.FAILURE
    for _ in range(4):
        running.advance()
    checked_out = world.ledger.head()
    projector.catch_up()
    assert blamed(views, slow) == ("green", 2, [3, 2])
    world.build_once("lint", Result.SUCCESS, at=2)
    while slow in world.running:
        running.advance()
    projector.catch_up()
    assert blamed(views, slow) == ("green", 1, [3])
    assert blamed(views, slow, as_of=checked_out) == ("green", 2, [3, 2])
