"""A builder as it is after templates, matrix and defaults, with the line that each part came from."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ruamel.yaml import YAML

from buildledger.config.explain.explain import REPLACED, Explanation, UnknownBuilderError, explain
from buildledger.config.explain.explained import DEFAULT, Explained, to_json, to_yaml
from buildledger.config.fields.strict import Strict
from buildledger.config.loading.parsing import parse
from buildledger.config.models import builder_models
from buildledger.config.reading.yaml_reader import read
from buildledger.config.resolved import Builder
from buildledger.config.steps.kinds import KINDS
from tests.config.texts import EXAMPLES, REPOSITORY, loaded

EVERYTHING = (REPOSITORY / "tests" / "golden" / "stored" / "everything.yaml").read_text()
BOUND = "        when: inputs.python != '3.14'\n"
"""An expression over a template's inputs, which no builder could have."""


def explained(text: str, name: str) -> Explanation:
    """The explanation of a builder of a text."""
    document = read(text, "ci.yaml")
    return explain(document, parse(document), loaded(text), name)


TEXT = """\
version: 1
sources: {widget: {git: "https://git.example/widget.git"}}
workers:
  l: {labels: {os: linux}}
  w: {labels: {os: windows}, start: {driver: local, max: 2}}
templates:
  pytest:
    inputs:
      python: {}
      args: {type: list, default: [-x]}
    steps:
      - checkout: widget
      - run: [uv, run, {input: python}, {spread: args}]
        timeout: 90s
        when: inputs.python != '3.11'
builders:
  tests:
    matrix:
      axes:
        python: ["3.12",
                 "3.13"]
        os: [linux]
    worker: worker.labels.os == matrix.os
    use: pytest
    with: {python: {matrix: python}}
  plain:
    steps: [{run: [make], env: {A: b}}]
triggers:
  - {on: change, source: widget, build: [tests]}
  - {on: manual, build: [plain], inputs: {level: {default: a}}}
"""


def origin(found: Explanation, *way: str | int) -> str:
    """Where the value at the end of this way came from."""
    here = found.body
    for each in way:
        here = here.value[each]  # type: ignore[index, assignment]
    return here.origin


def test_each_part_has_the_line_that_it_came_from() -> None:
    """A template's step has the template's line, a matrix value its axis's, what nobody said is a default."""
    found = explained(TEXT, "tests[3.13,linux]")
    assert origin(found, "steps", 0, "checkout") == "ci.yaml:12"
    assert origin(found, "steps", 1, "run", 1) == "ci.yaml:13"
    assert (found.body.plain()["steps"][1]["run"], origin(found, "steps", 1, "run", 2)) == (
        ["uv", "run", "3.13", "-x"],
        "ci.yaml:21",
    )
    assert origin(found, "steps", 1, "run", 3) == "ci.yaml:10"
    assert origin(found, "steps", 1, "timeout", "total") == "ci.yaml:14"
    assert origin(found, "steps", 1, "timeout", "no_output") == DEFAULT
    assert (origin(found, "worker"), origin(found, "collapse")) == ("ci.yaml:23", DEFAULT)
    assert found.body.plain()["steps"][0]["name"] == "checkout widget"
    assert found.body.plain()["matrix"] == {"axes": {"python": ["3.13"], "os": ["linux"]}}


def test_it_says_who_builds_it_and_where_it_may_run() -> None:
    """Triggers by name with their lines; the workers that fit, those that one entry stands for too."""
    found = explained(TEXT, "tests[3.12,linux]")
    assert to_json(found.triggers)["value"] == {"change-widget": {"value": "change", "origin": "ci.yaml:29"}}
    assert found.workers.plain() == ["l"]
    plain = explained(TEXT, "plain")
    assert [(each["value"], each["origin"]) for each in to_json(plain.workers)["value"]] == [
        ("l", "ci.yaml:4"), ("w-1", "ci.yaml:5"), ("w-2", "ci.yaml:5"),
    ]  # fmt: skip
    assert plain.body.plain()["inputs"]["level"]["default"] == "a"
    assert origin(plain, "inputs", "level") == "ci.yaml:30"


def test_what_is_for_all_has_the_line_where_that_is_said() -> None:
    """Defaults and properties of all builders are those of the file; of a mapping each key has its own line."""
    text = (
        TEXT
        + """\
properties: {flavour: plain}
defaults:
  builder: {collapse: never, env: {CI: "1", A: c}, properties: {level: high}}
  step: {on_failure: warn}
"""
    )
    found = explained(text, "plain")
    assert (found.body.plain()["collapse"], origin(found, "collapse")) == ("never", "ci.yaml:33")
    assert (origin(found, "steps", 0, "on_failure"), origin(found, "steps", 0, "always_run")) == ("ci.yaml:34", DEFAULT)
    assert found.body.plain()["env"] == {"CI": "1", "A": "c"}
    assert found.body.plain()["properties"] == {"flavour": "plain", "level": "high"}
    assert (origin(found, "properties", "flavour"), origin(found, "properties", "level")) == (
        "ci.yaml:31",
        "ci.yaml:33",
    )


def test_as_text() -> None:
    """What people read is YAML with the origins at the margin; parts of one origin share a line."""
    text = to_yaml(explained(TEXT, "tests[3.12,linux]").body)
    lines = {line.split("  #")[0].strip(): line.rpartition("  # ")[2] for line in text.splitlines()}
    assert lines["- checkout: widget"] == "ci.yaml:12"
    assert lines['- "3.12"'] == "ci.yaml:20"
    assert lines["steps:"] == "ci.yaml:11, used at ci.yaml:24"
    assert lines["when: \"inputs.python != '3.11'\""] == 'ci.yaml:15, inputs.python is "3.12"'
    assert lines["timeout: {no_output: 20m, total: never}"] == DEFAULT
    assert YAML(typ="safe").load(text) == explained(TEXT, "tests[3.12,linux]").body.plain()


def test_a_name_for_all_cells_lists_them() -> None:
    """The builder's own name shows what the cells have in common, and which there are."""
    found = explained(TEXT, "tests")
    assert found.cells == ("tests[3.12,linux]", "tests[3.13,linux]")
    assert found.body.plain()["steps"][1]["run"] == ["uv", "run", {"matrix": "python"}, "-x"]
    assert found.body.plain()["matrix"]["axes"]["python"] == ["3.12", "3.13"]


def test_an_unknown_name_is_told_with_one_like_it() -> None:
    """As wherever a name isn't known."""
    with pytest.raises(UnknownBuilderError, match="there is no builder 'test', did you mean 'tests'"):
        explained(TEXT, "test")


def _sayings(found: Explained) -> Any:
    """The explained YAML without what nobody said and what is nothing."""
    value = found.value
    if isinstance(value, dict):
        return {
            key: _sayings(inner)
            for key, inner in value.items()
            if not (inner.origin == DEFAULT and inner.value is None)
            and not (_without_program(value) and key in ("env", "workdir", "timeout"))
        }
    return [_sayings(each) for each in value] if isinstance(value, tuple) else value


def _without_program(step: dict[str, Explained]) -> bool:
    """Whether a step has none: what belongs to programs isn't taken there, even if it says what holds for all."""
    return "set_property" in step and step["run"].value is None


@pytest.mark.parametrize(
    "text", [(EXAMPLES / "acme.yaml").read_text(), EVERYTHING.replace(BOUND, "")], ids=["acme", "everything"]
)
def test_what_is_shown_is_what_is_built(text: str) -> None:
    """Each cell, written out as it is shown in the place of its builder, is loaded as the very same builder."""
    before = loaded(text)
    for name, builder in before.builders.items():
        data = YAML(typ="safe").load(text)
        data["builders"] = {**data["builders"], builder.base: _sayings(explained(text, name).body)}
        assert loaded(json.dumps(data)).builders[name] == builder


def test_no_field_is_forgotten() -> None:
    """Every key that a builder, or a step of any kind, may have is shown, said or not."""
    keys = {
        field.alias or name
        for name, field in builder_models.Builder.model_fields.items()
        if name not in REPLACED - {"steps", "inputs"}
    }
    assert keys <= explained(TEXT, "plain").body.plain().keys()
    assert keys | {"matrix"} == explained(TEXT, "tests").body.plain().keys()
    steps: dict[type[Strict], dict[str, Any]] = {}
    for name in loaded(EVERYTHING).builders:
        document = read(EVERYTHING, "ci.yaml")
        models = parse(document)
        builder = models.builders[name.partition("[")[0]]
        template = models.templates.get(builder.use or "")
        for model, shown in zip(
            builder.steps or (template.steps if template else ()),
            explained(EVERYTHING, name).body.plain()["steps"],
            strict=True,
        ):
            steps[type(model)] = shown
    assert steps.keys() == set(KINDS)
    for kind, shown in steps.items():
        assert kind.keys() == shown.keys(), kind


def test_what_a_builder_stores_is_what_it_shows() -> None:
    """A further field of stored builders is one of the file, or is named here as made of others."""
    made = {"name", "base", "sources", "input_names"}
    stored = {field.removesuffix("_seconds") for field in Builder.__struct_fields__}
    assert stored - made <= explained(TEXT, "tests").body.plain().keys()
