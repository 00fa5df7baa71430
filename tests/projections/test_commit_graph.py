"""The range of blame equals what set arithmetic over all ancestors says, for any graph, in any order of arrival."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from buildledger.projections.commit_graph import CommitGraph

Graph = dict[str, tuple[str, ...]]


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    """Commits with up to three earlier parents each, some of which nobody knows."""
    graph: Graph = {}
    for number in range(draw(st.integers(1, 25))):
        known = [*graph, *([f"unknown{number}"] if number % 7 == 3 else [])]
        parents = draw(st.lists(st.sampled_from(known), max_size=3, unique=True)) if known else []
        graph[f"c{number}"] = tuple(parents)
    return graph


def ancestors(graph: Graph, tip: str) -> set[str]:
    """The tip and everything it was made from, as far as it is known."""
    found: set[str] = set()
    ahead = [tip]
    while ahead:
        revision = ahead.pop()
        if revision in graph and revision not in found:
            found.add(revision)
            ahead.extend(graph[revision])
    return found


@given(graph=graphs(), data=st.data())
@settings(max_examples=200, deadline=None)
def test_the_range_is_what_came_since_the_green_ancestors(graph: Graph, data: st.DataObject) -> None:
    """Ancestors(tip) − ancestors(its green ancestors, or without any of all greens), newest first, in any order."""
    revisions = [*graph, "never seen"]
    tip = data.draw(st.sampled_from(revisions))
    greens = data.draw(st.sets(st.sampled_from(revisions), max_size=4))
    order = list(graph)
    data.draw(st.randoms(use_true_random=False)).shuffle(order)
    commits = CommitGraph()
    for revision in order:
        commits.add(revision, graph[revision])
    found = commits.since_green(tip, greens, limit=1_000)
    expected = ancestors(graph, tip)
    counting = greens & expected or greens
    contained = set().union(*(ancestors(graph, green) for green in counting))
    assert found.reached == bool(expected & contained)
    if not found.reached:
        return
    expected -= contained
    assert set(found.revisions) == expected
    assert found.total == len(found.revisions) == len(set(found.revisions))
    for place, revision in enumerate(found.revisions):
        assert not set(graph[revision]) & set(found.revisions[:place])


def test_a_limit_lists_the_newest_and_counts_all() -> None:
    """Of a long range the newest are listed, and all are counted."""
    commits = CommitGraph()
    for number in range(100):
        commits.add(f"{number:03}", (f"{number - 1:03}",) if number else ())
    found = commits.since_green("099", {"009"}, limit=5)
    assert found.revisions == ("099", "098", "097", "096", "095")
    assert found.total == 90
    assert found.reached


def test_a_limit_holds_where_no_ancestor_is_green() -> None:
    """After a forced push, what came since the fork is listed up to the limit, and all of it is counted."""
    commits = CommitGraph()
    commits.add("fork", ())
    commits.add("green", ("fork",))
    for number in range(10):
        commits.add(str(number), (str(number - 1) if number else "fork",))
    found = commits.since_green("9", {"green"}, limit=3)
    assert found.revisions == ("9", "8", "7")
    assert found.total == 10


def watched(commits: CommitGraph) -> list[str]:
    """The revisions whose parents are looked up from here on."""
    looked_at: list[str] = []

    class Watched(dict[str, tuple[str, ...]]):
        def __getitem__(self, key: str) -> tuple[str, ...]:
            looked_at.append(key)
            return super().__getitem__(key)

    commits._parents = Watched(commits._parents)
    return looked_at


def test_a_short_range_of_a_long_history_touches_little_of_it() -> None:
    """The walk ends with the range: a history of fifty thousand commits isn't walked for the newest three."""
    commits = CommitGraph()
    for number in range(50_000):
        commits.add(str(number), (str(number - 1),) if number else ())
    looked_at = watched(commits)
    assert commits.since_green("49999", {"49996"}, 10).total == 3
    assert len(looked_at) < 10


def test_shuffled_arrival_is_deterministic() -> None:
    """The order of the listing doesn't depend on the order of arrival."""
    graph: Graph = {"a": (), "b": ("a",), "c": ("a",), "d": ("b", "c"), "e": ("d",)}
    listings = set()
    for seed in range(20):
        order = list(graph)
        random.Random(seed).shuffle(order)
        commits = CommitGraph()
        for revision in order:
            commits.add(revision, graph[revision])
        listings.add(commits.since_green("e", {"a"}, 10).revisions)
    assert len(listings) == 1


def test_greens_that_are_no_ancestors_are_not_looked_for_through_all_of_history() -> None:
    """Below the lowest green commit there is none; then the range begins where the histories part."""
    commits = CommitGraph()
    for number in range(50_000):
        commits.add(str(number), (str(number - 1),) if number else ())
    commits.add("fix", ("49000",))
    looked_at = watched(commits)
    assert commits.since_green("49900", {"fix"}, 10).total == 900
    assert len(looked_at) < 3_000
