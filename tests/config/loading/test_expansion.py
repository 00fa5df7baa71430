"""Builders expanded: matrices, templates, values and names."""

from __future__ import annotations

import pytest

from buildledger.config.lock_uses import LockUse
from buildledger.config.steps.checkout import CheckoutStep
from buildledger.config.steps.run import RunStep
from buildledger.config.steps.script import ScriptStep
from buildledger.config.steps.set_property import SetPropertyStep
from buildledger.config.steps.step import Timeout
from buildledger.config.steps.upload import UploadStep
from buildledger.config.values import Expression, InputRef, PropertyRef, SecretRef, Spread
from tests.config.texts import BASE, loaded, messages, with_builder


def test_cells_have_their_values() -> None:
    """A cell's values stand where the matrix is referred to; text is wanted in an argv, so numbers become text."""
    text = f"""{BASE}
builders:
  tests:
    matrix: {{axes: {{py: ["3.12", "3.13"], jobs: [1, 4], fast: [true]}}, exclude: [{{py: "3.12", jobs: 4}}]}}
    properties: {{jobs: {{matrix: jobs}}}}
    steps:
      - run: [make, {{matrix: py}}, {{matrix: jobs}}, {{matrix: fast}}]
"""
    builders = loaded(text).builders
    assert list(builders) == ["tests[3.12,1,true]", "tests[3.13,1,true]", "tests[3.13,4,true]"]
    cell = builders["tests[3.13,4,true]"]
    assert cell.base == "tests"
    assert cell.matrix == {"py": "3.13", "jobs": 4, "fast": True}
    assert cell.properties == {"jobs": 4}
    assert isinstance(cell.steps[0], RunStep)
    assert cell.steps[0].argv == ("make", "3.13", "4", "true")


def test_templates_are_inlined() -> None:
    """A template's inputs become what the builder gives: plain data, references, or what an expression is bound to."""
    text = f"""{BASE}
templates:
  t:
    inputs: {{a: {{}}, b: {{type: list, default: [x, y]}}, c: {{type: integer, default: 3}}, d: {{}}}}
    steps:
      - run: [p, {{input: a}}, {{spread: b}}, {{input: c}}, {{expr: inputs.d + '!'}}]
        when: inputs.c > 1
builders:
  one:
    inputs: {{version: {{}}}}
    use: t
    with: {{a: {{expr: change.branch}}, d: {{input: version}}}}
"""
    (step,) = loaded(text).builders["one"].steps
    assert isinstance(step, RunStep)
    bound = Expression("inputs.d + '!'", {"d": InputRef("version")})
    assert step.argv == ("p", Expression("change.branch"), "x", "y", "3", bound)
    assert step.when == Expression("inputs.c > 1", {"c": 3})


def test_templates_see_only_their_inputs() -> None:
    """A template can't reach into the builder's matrix or inputs."""
    text = f"""{BASE}
templates: {{t: {{steps: [{{run: [p, {{matrix: py}}, {{input: v}}, {{expr: matrix.py}}]}}]}}}}
builders: {{b: {{matrix: {{axes: {{py: [a]}}}}, inputs: {{v: {{}}}}, use: t}}}}
"""
    found = messages(text)
    assert "template 't' has no axis 'py' (a template sees only its inputs: pass the value by 'with')" in found
    assert "template 't' has no input 'v'" in found
    assert "unknown name 'matrix.py' in an expression" in found


def test_templates_check_what_they_are_given() -> None:
    """Values for a template's inputs are checked, in each cell."""
    text = f"""{BASE}
templates:
  t: {{inputs: {{py: {{enum: ["3.12", "3.13"]}}, n: {{type: integer}}}}, steps: [{{run: [p, {{input: py}}]}}]}}
builders:
  a: {{use: t, with: {{py: "3.11", n: 1}}}}
  b: {{use: t, matrix: {{axes: {{py: ["3.13", "3.14"]}}}}, with: {{py: {{matrix: py}}, n: 1}}}}
  c: {{use: t, with: {{py: "3.12", n: {{expr: change.branch}}, m: 1}}}}
  d: {{use: t, with: {{py: "3.12"}}}}
"""
    found = messages(text)
    assert "input 'py' of template 't': '3.11' is not one of 3.12, 3.13" in found
    assert "input 'py' of template 't' in b[3.14]: '3.14' is not one of 3.12, 3.13" in found
    assert "this gives text, but a whole number is needed" in found
    assert "template 't' has no input 'm', did you mean 'n'?" in found or "has no input 'm'" in found
    assert "template 't' needs the input 'n'" in found


def test_unused_templates_are_checked() -> None:
    """A template that no builder uses is checked like any other."""
    assert "there is no source 'v'" in messages(f"{BASE}templates: {{t: {{steps: [{{checkout: v}}]}}}}\n")


def test_steps_of_every_kind() -> None:
    """Each kind of step arrives with its defaults filled in and the builder's variables added."""
    builder = with_builder("""
        env: {CI: "true", TOKEN: {secret: t}}
        steps:
          - {checkout: widget, into: src/, mode: full}
          - run: [uv, run, pytest]
            env: {CI: null, N: 3, P: {property: p}}
            timeout: 20m
            on_failure: continue
          - script: |
              # a comment
              make all
            timeout: {no_output: never, total: 1h30m}
          - upload: build/report.html
            limit: 10MB
            always_run: true
          - {set_property: v, run: [git, describe]}
          - {set_property: w, value: [a, b]}
        properties: {p: 1}
    """)
    checkout, run, script, upload, described, listed = builder.steps
    assert isinstance(checkout, CheckoutStep)
    assert (checkout.name, checkout.into, checkout.method) == ("checkout widget", "src", "fresh")
    assert isinstance(run, RunStep)
    assert run.env == {"CI": None, "TOKEN": SecretRef("t"), "N": "3", "P": PropertyRef("p")}
    assert run.timeout == Timeout(no_output_seconds=1200, total_seconds=1200)
    assert isinstance(script, ScriptStep)
    assert (script.name, script.timeout) == ("make all", Timeout(no_output_seconds=None, total_seconds=5400))
    assert isinstance(upload, UploadStep)
    assert (upload.name, upload.limit_bytes, upload.always_run) == ("upload build/report.html", 10_000_000, True)
    assert isinstance(described, SetPropertyStep)
    assert isinstance(listed, SetPropertyStep)
    assert (described.argv, described.value, listed.value) == (("git", "describe"), None, ("a", "b"))
    assert [step.name for step in builder.steps[1:2]] == ["uv run pytest"]


@pytest.mark.parametrize(
    ("step", "name"),
    [
        ("run: [python3, -m, pytest, -q, tests]", "python3 -m pytest -q tests"),
        ("run: [/usr/bin/make, all]", "make all"),
        ("run: [./configure]", "configure"),
        ("run: [sh, -c, 'cd web && npm test']", "cd web && npm test"),
        ("run: [bash, -euo, pipefail, -c, make check]", "make check"),
        ("run: [/bin/bash, -e, -c, make check]", "make check"),
        ("run: [sh, build.sh]", "sh build.sh"),
        ("run: [deploy, {input: target}, {expr: change.branch}]", "deploy {target} …"),
        ("run: [git, commit, -m, two words]", "git commit -m 'two words'"),
        ('script: "# why\\nset -eu\\ncd web\\nexport CI=1\\nnpm  test\\n"', "npm test"),
        ('script: "set -e\\n"', "set -e"),
        ('script: "# nothing\\n"', "script"),
        (
            "run: [python3, tools/a/long/path/to/some/program/of/ours.py]",
            "python3 tools/a/long/path/to/some/program/of/ou…",
        ),
    ],
)
def test_a_step_without_a_name_is_called_by_what_it_does(step: str, name: str) -> None:
    """Neither `python3` nor `sh` says what a step does: its command line does, shortened, or the script's start."""
    builder = with_builder(f"""
        inputs: {{target: {{type: string}}}}
        steps:
          - {step}
    """)
    assert [step.name for step in builder.steps] == [name]


def test_steps_without_names_get_different_ones() -> None:
    """Steps that would have the same made-up name are numbered."""
    builder = with_builder("""
        steps:
          - run: [make, all]
          - run: [/usr/bin/make, all]
          - run: [make, -k, all]
          - {run: [x], name: make}
    """)
    assert [step.name for step in builder.steps] == ["make all", "make all (2)", "make -k all", "make"]


def test_properties_are_known_from_the_step_on_that_sets_them() -> None:
    """A step may use a property that an earlier one sets, not one that a later one does."""
    steps = "[{set_property: p, value: x}, {run: [a, {property: p}]}]"
    assert with_builder(f"steps: {steps}").steps[1].name == "a {p}"
    swapped = "[{run: [a, {property: p}]}, {set_property: p, value: x}]"
    assert "builder 'b' has no property 'p'" in messages(f"{BASE}builders: {{b: {{steps: {swapped}}}}}\n")


def test_lists_that_are_not_known_yet_stay_spread() -> None:
    """A list of the builder's own inputs is spread when the build is put together."""
    builder = with_builder("{inputs: {args: {type: list, default: []}}, steps: [{run: [p, {spread: args}]}]}")
    assert isinstance(builder.steps[0], RunStep)
    assert builder.steps[0].argv == ("p", Spread(InputRef("args")))


def test_locks() -> None:
    """A lock is taken once, a number of times, or as often as it can be."""
    text = (
        f"{BASE}locks: {{a: {{}}, b: {{count: 5}}, c: {{count: 7}}}}\nbuilders: {{b: {{steps: [{{run: [x]}}], locks: "
    )
    found = loaded(text + "[a, {lock: b, take: 2}, {lock: c, take: all}]}}").builders["b"].locks
    assert found == (LockUse(lock="a", take=1), LockUse(lock="b", take=2), LockUse(lock="c", take=7))
    assert "'b' has a count of 5" in messages(text + "[{lock: b, take: 6}]}}")
    assert "asked for twice" in messages(text + "[a, a]}}")


def test_reports_of_a_step_are_read_right_after_it() -> None:
    """`reports` stands for a `test_report` for each kind, under the same condition; what follows comes after them."""
    short = with_builder("""
        steps:
          - {run: [pytest], when: "change.branch == 'main'", reports: {junit: "out/*.xml", tap: [a.tap, b.tap]}}
          - {script: make check, reports: {subunit: all.subunit}}
          - run: [last]
    """)
    written_out = with_builder("""
        steps:
          - {run: [pytest], when: "change.branch == 'main'"}
          - {test_report: "out/*.xml", when: "change.branch == 'main'"}
          - {test_report: [a.tap, b.tap], format: tap, when: "change.branch == 'main'"}
          - script: make check
          - {test_report: all.subunit, format: subunit}
          - run: [last]
    """)
    assert short == written_out
    refused = messages(f"{BASE}builders: {{b: {{steps: {{upload: x, reports: {{junit: y}}}}}}}}\n")
    assert "'reports' is part of the format but not built" in refused
    refused = messages(f"{BASE}builders: {{b: {{steps: {{run: [x], reports: {{junt: y}}}}}}}}\n")
    assert "unknown key 'junt', did you mean 'junit'?" in refused
