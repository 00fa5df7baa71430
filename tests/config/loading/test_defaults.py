"""`defaults`, top-level `properties` and `projects`: what is said once, and holds wherever nothing else is said."""

from __future__ import annotations

import pytest

from buildledger.config.lock_uses import LockUse
from buildledger.config.resolved import ChangeTrigger, Configuration, CronTrigger, Project, Retry
from buildledger.config.steps.checkout import CheckoutStep
from buildledger.config.steps.run import RunStep
from buildledger.config.values import Expression
from tests.config.texts import BASE, loaded, messages, problems

SAID_ONCE = """
    version: 1
    sources:
      widget: {git: "https://git.example/widget.git"}
      proto: {git: "https://git.example/proto.git", poll: 9m, branches: [next]}
    workers: {one: {labels: {os: windows, gpu: big}}, two: {capacity: 7}}
    locks: {db: {}}
    properties: {team: core, flavour: none, level: 1}
    defaults:
      builder:
        project: widget
        tags: [nightly]
        env: {CI: "1", MODE: fast, FLAVOUR: {property: flavour}}
        properties: {flavour: plain, level: 2}
        worker: worker.labels.os == 'linux'
        timeout: 2h
        retry: {max: 5}
        locks: [db]
        priority: 3
      step: {timeout: 10m, on_failure: continue, workdir: src}
      source: {poll: 5m, branches: [main]}
      trigger: {settle: 90s, zone: Europe/London, branches: [main]}
      worker: {labels: {os: linux, site: berlin}, capacity: 3, missing_after: never}
    templates: {t: {steps: [{run: [in-template]}]}}
    builders:
      silent: {steps: [{checkout: widget}, {run: [x]}]}
      templated: {use: t}
      spoken:
        project: other
        tags: []
        env: {MODE: slow, EXTRA: x}
        properties: {level: 3}
        worker: "true"
        timeout: never
        retry: {on: []}
        locks: []
        priority: 0
        steps: [{run: [y], timeout: 1m, on_failure: halt, workdir: .}]
    triggers:
      - {on: change, source: widget, build: [silent]}
      - {on: change, name: own, source: widget, settle: 0s, branches: [next], build: [silent]}
      - {on: cron, at: "0 3 * * *", build: [silent]}
      - {on: manual, build: [silent]}
"""


@pytest.fixture(scope="module")
def said_once() -> Configuration:
    return loaded(SAID_ONCE)


def test_a_builder_that_says_nothing_has_the_defaults(said_once: Configuration) -> None:
    """Each key is the one of `defaults`, and its properties are those of both places, the nearer winning."""
    builder = said_once.builders["silent"]
    assert (builder.project, builder.tags, builder.timeout_seconds, builder.priority) == (
        "widget",
        ("nightly",),
        7200,
        3,
    )
    assert builder.worker == Expression("worker.labels.os == 'linux'")
    assert (builder.retry, builder.locks) == (Retry(max=5), (LockUse(lock="db"),))
    assert builder.properties == {"team": "core", "flavour": "plain", "level": 2}


def test_what_a_builder_says_itself_wins(said_once: Configuration) -> None:
    """As a whole, also where it is nothing; mappings of names are merged key by key."""
    builder = said_once.builders["spoken"]
    assert (builder.project, builder.tags, builder.timeout_seconds, builder.priority) == ("other", (), None, 0)
    assert (builder.worker, builder.retry, builder.locks) == (Expression("true"), Retry(on=()), ())
    assert builder.properties == {"team": "core", "flavour": "plain", "level": 3}
    (step,) = builder.steps
    assert isinstance(step, RunStep)
    assert step.env.keys() == {"CI", "MODE", "FLAVOUR", "EXTRA"}
    assert (step.env["CI"], step.env["MODE"]) == ("1", "slow")


def test_steps_have_the_defaults_that_are_keys_of_theirs(said_once: Configuration) -> None:
    """Those of templates too; what a step says itself wins."""
    checkout, run = said_once.builders["silent"].steps
    assert isinstance(checkout, CheckoutStep)
    assert isinstance(run, RunStep)
    assert (checkout.timeout.total_seconds, checkout.on_failure) == (600, "continue")
    assert (run.timeout.total_seconds, run.on_failure, run.workdir) == (600, "continue", "src")
    (in_template,) = said_once.builders["templated"].steps
    (own,) = said_once.builders["spoken"].steps
    assert isinstance(in_template, RunStep)
    assert isinstance(own, RunStep)
    assert in_template.timeout == run.timeout
    assert (own.timeout.total_seconds, own.on_failure, own.workdir) == (60, "halt", ".")


def test_sources_triggers_and_workers_have_theirs(said_once: Configuration) -> None:
    """Each kind has its own defaults."""
    widget, proto = said_once.sources["widget"], said_once.sources["proto"]
    assert [(each.poll_seconds, each.branches) for each in (widget, proto)] == [(300, ("main",)), (540, ("next",))]
    change, own, cron, _ = said_once.triggers.values()
    assert isinstance(change, ChangeTrigger)
    assert isinstance(own, ChangeTrigger)
    assert isinstance(cron, CronTrigger)
    assert [(each.settle_seconds, each.branches) for each in (change, own)] == [(90, ("main",)), (0, ("next",))]
    assert cron.zone == "Europe/London"
    one, two = said_once.workers["one"], said_once.workers["two"]
    assert (one.labels, one.capacity) == ({"os": "windows", "site": "berlin", "gpu": "big"}, 3)
    assert (two.labels, two.capacity, two.missing_seconds) == ({"os": "linux", "site": "berlin"}, 7, None)


@pytest.mark.parametrize(
    ("section", "found"),
    [
        ("properties: {p: {input: x}}", "3:25 unknown-input"),
        ("properties: {p: {property: q}, q: x}", "3:28 unknown-property"),
        ("properties: {1p: x}", "3:14 name"),
        ("defaults: {builder: {env: {A: {matrix: os}}}}", "3:40 unknown-axis"),
        ("defaults: {builder: {env: {A: {property: q}}}}", "3:42 unknown-property"),
        ("defaults: {builder: {worker: worker.labels.os == }}", "3:49 expression"),
        ("defaults: {builder: {when: inputs.x}}", "3:28 unknown-variable"),
        ("defaults: {builder: {locks: db}}", "3:29 unknown-lock"),
        ("defaults: {builder: {steps: []}}", "3:22 unknown-key"),
        ("defaults: {builder: {timeout: 5}}", "3:31 duration"),
        ("defaults: {step: {timeout: 5}, trigger: {zone: Mars}}", "3:28 duration"),
        ("defaults: {trigger: {zone: Mars}}", "3:28 cron"),
        ("defaults: {bilder: {}}", "3:12 unknown-key"),
        ("defaults: []", "3:11 type"),
        ("defaults:", "3:1 type"),
    ],
)
@pytest.mark.parametrize("builders", ["{}", "{a: {steps: {run: [x]}}, b: {steps: {run: [x]}}}"], ids=["unused", "used"])
def test_what_is_wrong_is_said_once_where_it_stands(section: str, found: str, builders: str) -> None:
    """Whether no builder uses it or each: it is one problem, at its own place."""
    text = f"version: 1\nbuilders: {builders}\n{section}\n"
    text += "triggers: {on: cron, at: '0 3 * * *', build: a}" if "a:" in builders else ""
    assert problems(text)[0] == found
    assert len(problems(text)) == 1 + ("Mars" in section and "step" in section)


def test_properties_of_all_builders_are_known_everywhere() -> None:
    """In the steps of builders, in templates that nobody uses, in `env` of `defaults`."""
    text = f"""{BASE}
properties: {{p: x}}
defaults: {{builder: {{env: {{A: {{property: p}}}}}}}}
templates: {{t: {{steps: {{run: [a, {{property: p}}]}}}}}}
builders: {{b: {{steps: {{run: [a, {{expr: properties.p}}]}}}}}}
"""
    assert loaded(text).builders["b"].properties == {"p": "x"}


PROJECTS = f"{BASE}projects: {{widget: {{title: The Widget, url: 'https://example.org'}}, gadget: {{}}}}\n"


def test_a_project_is_one_of_those_described() -> None:
    """Where projects are described; else it is any name."""
    one = "builders: {b: {project: %s, steps: {run: [x]}}}\n"
    assert loaded(PROJECTS + one % "gadget").projects == {
        "widget": Project(name="widget", title="The Widget", url="https://example.org"),
        "gadget": Project(name="gadget", title="gadget"),
    }
    assert loaded(BASE + one % "anything").builders["b"].project == "anything"
    assert "there is no project 'wigdet', did you mean 'widget'?" in messages(PROJECTS + one % "wigdet")
    assert "there is no project 'wigdet'" in messages(f"{PROJECTS}defaults: {{builder: {{project: wigdet}}}}\n")
    assert problems(f"{BASE}projects: {{x: {{url: example.org}}}}\n") == ["3:21 address"]
