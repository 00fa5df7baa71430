"""Which of several free workers gets a build, as its builder says."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from buildledger.config.evaluation.evaluate import WorkerView
from buildledger.config.values import Expression
from buildledger.reactors.scheduling.picks import WorkerCapacity, order_for
from tests.reactors.builders_and_workers import workers
from tests.reactors.world import world

NAMES = ("a", "b", "c")
SPEED = Expression("int(worker.labels.speed)")


def text(pick: str) -> str:
    """Three workers, the last without a speed."""
    return f"""
version: 1
sources: {{widget: {{git: "https://git.example/widget.git"}}}}
workers:
  a: {{capacity: 2, labels: {{speed: "1"}}}}
  b: {{capacity: 4, labels: {{speed: "9"}}}}
  c: {{capacity: 4}}
builders:
  tests: {{collapse: never, pick: {pick}, steps: [{{run: [make]}}]}}
"""


@pytest.mark.parametrize(
    ("pick", "given"),
    [
        ("same-as-last", ["a", "b", "c", "c", "c", "a"]),
        ("longest-idle", ["a", "b", "c", "a", "b", "c"]),
        ("least-busy", ["a", "b", "c", "b", "c", "a"]),
        ("most-busy", ["a", "a", "b", "b", "b", "b"]),
        ("{expr: int(worker.labels.speed)}", ["b", "b", "b", "b", "a", "a"]),
        ("{expr: worker.capacity}", ["b", "b", "b", "b", "c", "c"]),
    ],
)
async def test_who_gets_six_builds_that_none_ends(tmp_path: Path, pick: str, given: list[str]) -> None:
    """Each order, as far as there is room."""
    async with world(tmp_path, text(pick), workers=NAMES) as w:
        for _ in given:
            await w.force("tests")
        assert workers(w) == given


@pytest.mark.parametrize("pick", ["same-as-last", "longest-idle", "least-busy", "most-busy", "{expr: worker.capacity}"])
async def test_a_lost_build_goes_to_another_worker(tmp_path: Path, pick: str) -> None:
    """Whoever would be picked again; back to it only if there is no other."""
    async with world(tmp_path, text(pick), workers=("b", "c")) as w:
        await w.force("tests")
        (first,) = workers(w)
        await w.disconnect(first)
        await w.pass_time(91)
        await w.connect(first)
        await w.pass_time(60)
        assert set(workers(w)) == {"b", "c"}


async def test_a_worker_that_changes_is_picked_by_what_it_is(tmp_path: Path) -> None:
    """Its labels of now count, not those that it had when it was first looked at."""
    async with world(tmp_path, text("{expr: int(worker.labels.speed)}"), workers=NAMES) as w:
        await w.force("tests")
        await w.disconnect("c")
        await w.connect("c", labels={"speed": "20"})
        await w.force("tests")
        assert workers(w) == ["b", "c"]


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(0, 3)), max_size=80), st.sampled_from("abcdefg"))
def test_the_first_is_known_without_looking_at_all(happenings: list[tuple[str, int]], excluded: str) -> None:
    """After any changes of any workers it is the one that a look at all of them would find."""
    capacities = {name: WorkerCapacity(name) for name in "abcdef"}
    orders = {pick: order_for(pick) for pick in ("least-busy", "most-busy")} | {"speed": order_for(SPEED)}
    inside: set[str] = set()
    for number, (name, used) in enumerate(happenings, 1):
        worker = capacities[name]
        worker.slots, worker.used, worker.given = 3, used, number if number % 2 else worker.given
        worker.view = WorkerView(name=name, labels={"speed": str(used * number % 5)})
        inside = inside | {name} if worker.free else inside - {name}
        for order in orders.values():
            if worker.free:
                order.put(worker)
            else:
                order.drop(name)
        others = sorted(inside - {excluded}) or sorted(inside)
        if not others:
            continue
        speed = {name: int(capacities[name].view.labels["speed"]) for name in others}
        load = {name: capacities[name].load for name in others}
        idle = {name: capacities[name].given for name in others}
        assert orders["least-busy"].first(excluded) == min(others, key=lambda name: (load[name], idle[name], name))
        assert orders["most-busy"].first(excluded) == min(others, key=lambda name: (-load[name], name))
        assert orders["speed"].first(excluded) == min(others, key=lambda name: (-speed[name], name))
