"""What the API answers of builders that a step has generated: from the step to their builds, and back."""

from __future__ import annotations

from pathlib import Path

from buildledger.events.build import BuildAssigned
from tests.reactors.generating import write
from tests.reactors.world import world
from tests.simulation.site import site_of

TEXT = """
version: 1
sources: {widget: {git: "https://git.example/widget.git"}}
workers: {w1: {capacity: 2}}
builders: {plan: {steps: [{generate: [plan], name: plan, may_define: [builders, when]}]}}
triggers: [{on: change, source: widget, build: [plan]}]
"""
GENERATED = """
version: 1
builders:
  unit: {steps: [{run: [unit]}]}
  docs: {when: "change.files.exists(f, f.startsWith('docs/'))", steps: [{run: [docs]}]}
"""


async def test_a_step_and_its_builds_name_each_other(tmp_path: Path) -> None:
    """A builder whose condition doesn't hold has no request; a build says which step generated its builder."""
    async with world(tmp_path, TEXT) as w:
        await w.push("a" * 40, "src/x.py")
        await write(w, GENERATED)
        plan, unit = (recorded.stream_id for recorded in w.recorded(BuildAssigned))
        with site_of(w, tmp_path) as site:
            (step,) = (await site.get(f"builds/{plan}"))["steps"]
            of = await site.get(f"builds/{unit}")
            docs = {"builder": "plan:docs", "request": None, "build": None}
            built, left_out = step["generated"]["builders"]
            assert (left_out, step["generated"]["problems"]) == (docs, [])
            assert (built["builder"], built["build"]["id"]) == ("plan:unit", str(unit))
            by = of["generated_by"]
            assert (by["build"]["id"], by["step"], by["step_name"]) == (str(plan), 0, "plan")


async def test_everything_that_is_wrong_is_answered(tmp_path: Path) -> None:
    """Not only the first fault, which the step's line has."""
    async with world(tmp_path, TEXT) as w:
        await w.push("a" * 40)
        await write(w, "version: 2\nlocks: {}\n")
        (plan,) = (recorded.stream_id for recorded in w.recorded(BuildAssigned))
        with site_of(w, tmp_path) as site:
            (step,) = (await site.get(f"builds/{plan}"))["steps"]
        told = [problem["text"].partition(": ")[0] for problem in step["generated"]["problems"]]
        assert told == ["<stdout of plan>:1:10", "<stdout of plan>:2:1"]
