"""Wherever a list is wanted, one entry may stand for itself."""

from __future__ import annotations

import pytest

from buildledger.config.load import resolve_text
from tests.config.texts import REPOSITORY, loaded, messages

LISTS = """
    version: 1
    sources: {widget: {git: "https://git.example/widget.git", branches: [main]}, proto: {git: "https://git.example/proto.git"}}
    locks: {staging: {}}
    templates:
      t:
        inputs: {args: {type: list, default: ["-q"]}}
        steps: [{run: [pytest, {spread: args}]}]
    builders:
      one:
        matrix: {axes: {python: ["3.12"], os: [linux, mac], n: [3], b: [true]}, exclude: [{os: mac}]}
        tags: [nightly]
        locks: [staging]
        retry: {on: [infrastructure]}
        inputs: {level: {enum: [low], default: low}, count: {type: integer, enum: [1], default: 1}}
        steps: [{upload: dist, files: ["*.whl"]}]
      two:
        locks: [{lock: staging, take: all}]
        steps: [{test_report: ["*.xml"]}, {download: dist, from: build}]
      three: {use: t, with: {args: ["-x"]}}
    triggers:
      - {on: change, source: widget, branches: [main], build: [one]}
      - {on: success, of: [one], build: [two]}
      - {on: manual, build: [one], inputs: {names: {type: list, default: [a]}}}
    repo_pipelines:
      widget: {branches: [main], may_define: [builders], secrets: [pypi], locks: [staging], sources: [proto]}
"""
SINGLES = """
    version: 1
    sources: {widget: {git: "https://git.example/widget.git", branches: main}, proto: {git: "https://git.example/proto.git"}}
    locks: {staging: {}}
    templates:
      t:
        inputs: {args: {type: list, default: -q}}
        steps: {run: [pytest, {spread: args}]}
    builders:
      one:
        matrix: {axes: {python: "3.12", os: [linux, mac], n: 3, b: true}, exclude: {os: mac}}
        tags: nightly
        locks: staging
        retry: {on: infrastructure}
        inputs: {level: {enum: low, default: low}, count: {type: integer, enum: 1, default: 1}}
        steps: {upload: dist, files: "*.whl"}
      two:
        locks: {lock: staging, take: all}
        steps: [{test_report: "*.xml"}, {download: dist, from: build}]
      three: {use: t, with: {args: -x}}
    triggers:
      - {on: change, source: widget, branches: main, build: one}
      - {on: success, of: one, build: two}
      - {on: manual, build: one, inputs: {names: {type: list, default: a}}}
    repo_pipelines:
      widget: {branches: main, may_define: builders, secrets: pypi, locks: staging, sources: proto}
"""


def test_one_entry_means_a_list_of_it() -> None:
    """A file with single entries means what it means with lists of one, down to the last byte of what is stored."""
    assert loaded(SINGLES).to_json() == loaded(LISTS).to_json()


def test_one_trigger_needs_no_list() -> None:
    """The only trigger of a file stands for itself; a mapping that is none, such as one of names, isn't taken."""
    text = """
        version: 1
        builders: {b: {steps: {run: [make]}}}
        triggers: %s
    """
    assert list(loaded(text % "{on: manual, build: b}").triggers) == ["manual-b"]
    assert "'triggers' is a list, but found a mapping" in messages(text % "{nightly: {on: manual, build: b}}")


@pytest.mark.parametrize(
    ("builder", "column", "place", "code"),
    [
        ("locks: stagin", 12, "locks.lock", "unknown-lock"),
        ("locks: {lock: stagin}", 19, "locks.lock", "unknown-lock"),
        ("locks: {lock: a, tak: 1}", 22, "locks.tak", "unknown-key"),
        ("matrix: {axes: {os: a}, exclude: {oss: a}}", 39, "matrix.exclude.oss", "unknown-axis"),
        ("matrix: {axes: {python: 3.10}}", 29, "matrix.axes.python", "quote-it"),
        ("tags: 3.10", 11, "tags", "quote-it"),
        ("tags: {a: b}", 11, "tags", "type"),
        ("tags: null", 5, "tags", "type"),
        ("retry: {on: infrastructur}", 17, "retry.on", "value"),
        ("inputs: {i: {enum: [[a]]}}", 25, "inputs.i.enum[0]", "type"),
        ("env: {}\n    steps: {run: [x, {input: y}]}", 30, "steps.run[1].input", "unknown-input"),
    ],
)
def test_faults_of_a_single_entry_are_where_it_stands(builder: str, column: int, place: str, code: str) -> None:
    """No index is made up for what isn't in a list: not in the place, and not in the path of the problem."""
    steps = "" if "steps" in builder else "\n    steps: {run: [x]}"
    text = f"version: 1\nlocks: {{a: {{}}}}\nbuilders:\n  b:\n    {builder}{steps}"
    (problem,) = resolve_text(text, file="ci.yaml", directory=REPOSITORY, secrets_required=False)[1]
    assert (problem.column, problem.place, problem.code) == (column, f"builders.b.{place}", code)
