"""Triggers: what they name, when they come, and that they come to an end."""

from __future__ import annotations

import pytest

from buildledger.config.resolved import ChangeTrigger, CronTrigger, ManualTrigger, SuccessTrigger
from tests.config.texts import BASE, loaded, messages

BUILDERS = f"""{BASE}
builders:
  a: {{matrix: {{axes: {{n: [1, 2]}}}}, steps: [{{run: [x]}}]}}
  b: {{steps: [{{run: [x]}}]}}
  c: {{steps: [{{run: [x]}}]}}
  v: {{steps: [{{run: [x, {{input: version}}]}}]}}
triggers:
  - {{on: manual, build: [v], inputs: {{version: {{pattern: '^v'}}}}}}
"""


def test_names_of_matrices_mean_their_cells() -> None:
    """A trigger may name a whole matrix or one of its cells; every builder is in it once."""
    triggers = loaded(BUILDERS + "  - {on: change, source: widget, build: [b, a, 'a[2]', b]}\n").triggers
    assert triggers["change-widget"] == ChangeTrigger(
        name="change-widget", build=("b", "a[1]", "a[2]"), source="widget"
    )


def test_names_of_triggers() -> None:
    """A trigger has the name it is given, or one made of what it watches; two never have the same."""
    triggers = loaded(
        BUILDERS
        + """
  - {on: change, source: widget, branches: [main, '!x/**'], settle: 90s, build: [a]}
  - {on: change, source: widget, build: [b]}
  - {on: success, of: a, if: build.branch == 'main', build: [c], name: nightly}
  - {on: cron, at: "0 3 * * MON", zone: Europe/London, only_if_changed: true, branch: main, build: [b]}
"""
    ).triggers
    assert list(triggers) == ["manual-v", "change-widget", "change-widget-2", "nightly", "cron-b"]
    assert isinstance(triggers["manual-v"], ManualTrigger)
    assert isinstance(triggers["nightly"], SuccessTrigger)
    assert triggers["nightly"].of == ("a[1]", "a[2]")
    assert isinstance(triggers["cron-b"], CronTrigger)
    assert isinstance(triggers["change-widget"], ChangeTrigger)
    assert triggers["change-widget"].settle_seconds == 90


def test_inputs_of_manual_triggers_are_the_builders() -> None:
    """What a manual trigger asks for is an input of the builders that it builds."""
    assert loaded(BUILDERS).builders["v"].inputs["version"].pattern == "^v"


@pytest.mark.parametrize(
    ("trigger", "found"),
    [
        ("{on: change, source: widgt, build: [a]}", "there is no source 'widgt', did you mean 'widget'?"),
        ("{on: change, source: widget, build: ['a[3]']}", "there is no builder 'a[3]', did you mean 'a[2]'?"),
        ("{on: change, source: widget, build: [a], branches: ['a[b]']}", "branch names never hold any of"),
        (
            "{on: change, source: widget, build: [v]}",
            "'v' needs the input 'version', which a change trigger can't give",
        ),
        ("{on: cron, at: 0 3 * *, build: [a]}", "it has 4 fields, not five"),
        ("{on: cron, at: 0 3 31 2 *, build: [a]}", "'0 3 31 2 *' is no time"),
        ("{on: cron, at: 61 3 * * *, build: [a]}", "'61 3 * * *' is no time"),
        ("{on: cron, at: 0 3 * * *, zone: Mars/Base, build: [a]}", "there is no time zone 'Mars/Base'"),
        ("{on: cron, at: 0 3 * * *, zone: ../../etc/passwd, build: [a]}", "there is no time zone"),
        ("{on: success, of: a, if: change.branch == 'x', build: [b]}", "it isn't known yet when a build has succeeded"),
        ("{on: success, of: [z], build: [b]}", "there is no builder 'z'"),
        ("{on: success, of: a, build: [a]}", "this trigger never ends: a[1] → a[1]"),
        ("{on: manual, build: [v], inputs: {version: {}}}", "the input 'version' of builder 'v' is declared otherwise"),
        (
            "{on: manual, build: [a], name: manual-v}\n  - {on: manual, build: [a], name: manual-v}",
            "two triggers named",
        ),
        ("{on: pull_request, source: widget, build: [a]}", "'pull_request' is part of the format but not built"),
    ],
)
def test_faults_of_triggers(trigger: str, found: str) -> None:
    """Each fault of a trigger is named."""
    assert found in messages(f"{BUILDERS}  - {trigger}\n")


def test_a_cycle_is_reported_at_each_of_its_triggers() -> None:
    """Chains of success that lead back to where they began are refused, with the way round."""
    cycle = "  - {on: success, of: a, build: [b]}\n  - {on: success, of: b, build: [c]}\n"
    assert len(loaded(BUILDERS + cycle).triggers) == 3
    found = messages(BUILDERS + cycle + "  - {on: success, of: c, build: [a]}\n").splitlines()
    assert len(found) == 3
    assert "a[1] → b → c → a[1]" in found[0]
    assert all("trigger-cycle" in line for line in found)


def test_builders_that_never_succeed_for_the_same_revisions() -> None:
    """A success trigger after several is refused if they check out different sources; without a checkout any fit."""
    text = """
version: 1
sources: {widget: {git: "https://git.example/widget.git"}, proto: {git: "https://git.example/proto.git"}}
workers: {w1: {}}
builders:
  a: {steps: [{checkout: widget}]}
  b: {steps: [{checkout: proto}]}
  c: {steps: [{run: [x]}]}
  d: {steps: [{checkout: widget}, {run: [x]}]}
triggers:
  - {on: success, of: %s, build: [c]}
"""
    said = messages(text % "[a, b]")
    assert "'a' checks out widget and 'b' checks out proto: they never succeed for the same revisions" in said
    assert "trigger-sources" in said
    assert loaded(text % "[a, d]").triggers
    assert loaded((text % "[a, c]").replace("build: [c]", "build: [d]")).triggers
