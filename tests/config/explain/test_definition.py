"""A builder of a stored configuration as a file would have it."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from buildledger.config.explain.definition import definition
from buildledger.config.load import load
from buildledger.config.resolved import Builder, Configuration
from buildledger.config.steps.set_property import SetPropertyStep
from buildledger.config.steps.step import StepBase
from buildledger.config.stored import read_configuration
from buildledger.testing.configuration import load_text
from tests.config.texts import EXAMPLES, REPOSITORY, with_builder

EVERYTHING = REPOSITORY / "tests" / "golden" / "stored" / "everything.yaml"
FILES = [EVERYTHING, EXAMPLES / "acme.yaml", EXAMPLES / "self.yaml"]


def read_again(configuration: Configuration, builder: Builder) -> Builder:
    """The builder that its definition defines, beside what it refers to."""
    around = {
        "version": 1,
        "sources": {name: {"git": "https://git.example/x.git"} for name in configuration.sources},
        "locks": {name: {"count": lock.count} for name, lock in configuration.locks.items()},
    }
    others = {other.base: "{steps: [{run: [make]}]}" for other in configuration.builders.values()}
    del others[builder.base]
    lines = [f"{key}: {json.dumps(value)}" for key, value in around.items()]
    lines += ["builders:", *(f"  {name}: {body}" for name, body in others.items())]
    lines += [f"  {line}" for line in definition(builder).splitlines()]
    text = "\n".join(lines).replace(f'  "{builder.name}":', f"  {builder.base}:", 1)
    return load_text(text, secrets_required=False).builders[builder.name]


def as_told(builder: Builder) -> Builder:
    """The same without what only a template can say: its inputs in conditions; and without variables of no program."""

    def told(step: StepBase) -> StepBase:
        if isinstance(step, SetPropertyStep) and step.argv is None:
            step = msgspec.structs.replace(step, env={})
        bound = step.when is not None and step.when.bind
        return msgspec.structs.replace(step, when=None) if bound else step

    return msgspec.structs.replace(builder, steps=tuple(told(step) for step in builder.steps))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_definition_defines_the_same_builder(file: Path) -> None:
    """Nothing that a builder does is missing from its definition: loaded again, it is the very same."""
    configuration = read_configuration(load(file, secrets_required=False).to_json())
    for builder in configuration.builders.values():
        told = as_told(builder)
        assert read_again(configuration, told) == told, definition(told)


def test_settings_that_change_what_it_does_are_all_said() -> None:
    """Also those that nobody set."""
    builder = with_builder("steps: [{run: [make], name: build}]")
    assert definition(builder) == (
        "b:\n"
        "  protected: false\n"
        "  timeout: never\n"
        "  collapse: same-branch\n"
        "  retry: {on: [infrastructure], max: 2}\n"
        "  priority: 0\n"
        "  pick: same-as-last\n"
        "  steps:\n"
        "    - run: [make]\n"
        "      name: build\n"
        "      timeout: {no_output: 20m, total: never}"
    )


def test_the_inputs_of_a_template_in_a_condition_are_told() -> None:
    """The condition stands there as it is, and beside it what its inputs are in this builder."""
    builder = load(EVERYTHING, secrets_required=False).builders["tests[3.13]"]
    (line,) = {line for line in definition(builder).splitlines() if 'when: "inputs' in line}
    assert line.split() == ["when:", '"inputs.python', "!=", "'3.14'\"", "#", "inputs.python", "is", "3.13"]
