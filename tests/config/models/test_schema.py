"""The published JSON Schema."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from buildledger.config.fields.value_schemas import NAMED
from buildledger.config.loading import parsing
from buildledger.config.models.schema import schema
from buildledger.config.reading import scalars
from buildledger.config.reading.document import Document
from buildledger.config.reading.yaml_reader import read
from tests.config.texts import EXAMPLES, REPOSITORY

WHOLE_FORMAT = (
    REPOSITORY / "tests" / "config" / "files" / "full.yaml",
    REPOSITORY / "tests" / "golden" / "stored" / "everything.yaml",
)
Place = tuple[str | int, ...]


@pytest.fixture(scope="module")
def validator() -> jsonschema_rs.Draft202012Validator:
    """The schema, compiled."""
    return jsonschema_rs.Draft202012Validator(schema())


def plain(text: str) -> Any:
    """What a text holds, with ordinary numbers."""
    return json.loads(json.dumps(read(text, "ci.yaml").data))


@pytest.mark.parametrize("file", sorted(EXAMPLES.glob("*.yaml")), ids=lambda path: path.name)
def test_examples_are_valid(validator: jsonschema_rs.Draft202012Validator, file: Path) -> None:
    """What loads is valid."""
    validator.validate(plain(file.read_text()))


@pytest.mark.parametrize(
    "text",
    [
        "version: 2",
        "version: 1\nworkres: {}",
        "version: 1\nbuilders: {b: {steps: [{run: [{foo: x}]}]}}",
        "version: 1\nbuilders: {b: {steps: [{runn: [x]}]}}",
        "version: 1\ntriggers: [{on: change, build: [x]}]",
        "version: 1\nsources: {w: {git: x, poll: 90}}",
    ],
)
def test_faults_of_shape_are_invalid(validator: jsonschema_rs.Draft202012Validator, text: str) -> None:
    """Faults that an editor can see are in the schema."""
    assert not validator.is_valid(plain(text))


def test_every_part_of_the_format_is_described() -> None:
    """Whatever an editor can show has a description: each kind of mapping, and each key of it."""
    models = schema()["$defs"]
    definitions = {**models, "the file": schema()}
    without = [name for name, model in definitions.items() if not model.get("description")]
    without += [
        f"{name}.{key}"
        for name, model in definitions.items()
        if name not in NAMED
        for key, value in model.get("properties", {}).items()
        if not {**models.get(value.get("$ref", "").removeprefix("#/$defs/"), {}), **value}.get("description")
    ]
    assert without == []


VALUES: tuple[Any, ...] = (
    *("", "x", "a b", "-x", "x*", "**", "!x", "!", "a..b", "é", "\x01", "\n", "x" * 70, "x" * 5000, "*" * 9),
    *("90s", "1h30m", "0s", "1d2h", "5x", "never", "10MB", "0 B", "5 kB", "all", "build", "parent", "ignore"),
    *("../x", "/x", "~x", "a\\b", "c:x", "a/../b", "..x", "blob:none", "blob:limit=1m", "yes", "true", "if"),
    *(0, 5, -1, 10**7, 1.5, True, False, None, [], {}, [[]], ["x"], [1], ["x", "x"], [{"x": 1}], {"x": "y"}),
    *({"input": "x"}, {"matrix": "x"}, {"property": "x"}, {"secret": "x"}, {"spread": "x"}, {"expr": "true"}),
    *({"secret": "x", "mask": False}, {"spread": {"expr": "x"}}, {"expr": " "}, {"input": "1x"}, {"input": "if"}),
)
KEYS = ("", "x", "1x", "a-b", "a b", "if", "é", "x" * 70, "name", "when", "timeout", "env", "locks", "mask", "version")


def sections() -> list[dict[str, Any]]:
    """Small files: each single setting, entry and trigger of files that together use all of the format."""
    result = []
    for file in (*sorted(EXAMPLES.glob("*.yaml")), *WHOLE_FORMAT):
        for section, content in plain(file.read_text()).items():
            entries = [content]
            if isinstance(content, list):
                entries = [[entry] for entry in content]
            elif isinstance(content, dict) and all(isinstance(entry, dict) for entry in content.values()):
                entries = [{name: entry} for name, entry in content.items()]
            result += [{"version": 1, section: entry} for entry in entries]
    return result


def places(value: Any, place: Place = ()) -> Iterator[Place]:
    """Where anything stands in a value."""
    if place:
        yield place
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from places(inner, (*place, key))


@st.composite
def changed_files(draw: st.DrawFn, files: list[dict[str, Any]]) -> dict[str, Any]:
    """A good file in which one thing, or two, were replaced, taken out, put in or renamed."""
    file: dict[str, Any] = copy.deepcopy(draw(st.sampled_from(files)))
    for _ in range(draw(st.integers(1, 2))):
        *above, last = draw(st.sampled_from(sorted(places(file), key=repr) or [("version",)]))
        holder: Any = file
        for key in above:
            holder = holder[key]
        value = copy.deepcopy(draw(st.sampled_from(VALUES)))
        match draw(st.sampled_from(["replace", "take out", "put in", "rename"])):
            case "take out" if len(file) > 1:
                del holder[last]
            case "put in" if isinstance(holder[last], dict):
                holder[last][draw(st.sampled_from(KEYS))] = value
            case "put in" if isinstance(holder[last], list):
                holder[last].append(value)
            case "rename" if isinstance(holder, dict):
                holder[draw(st.sampled_from(KEYS))] = holder.pop(last)
            case _:
                holder[last] = value
    return file


def marked(value: Any) -> Any:
    """A value with its numbers as the reader of a file gives them."""
    match value:
        case dict():
            return {key: marked(inner) for key, inner in value.items()}
        case list():
            return [marked(inner) for inner in value]
        case bool():
            return value
        case int():
            return scalars.Whole(value, str(value))
        case float():
            return scalars.Fraction(value, str(value))
        case _:
            return value


def faults(file: dict[str, Any]) -> list[str]:
    """What the models refuse in a file, but for what a schema can't say."""
    document = Document(file="ci.yaml", data=marked(file))
    parsing.parse(document)
    errors = [problem for problem in document.problems if problem.severity == "error"]
    return [str(error) for error in errors if "longer than 30 days" not in error.message]


FILES = sections()


@given(file=changed_files(FILES))
@settings(max_examples=1_500, deadline=None)
def test_the_schema_accepts_what_the_models_accept(
    validator: jsonschema_rs.Draft202012Validator, file: dict[str, Any]
) -> None:
    """The schema and the models agree on every value and every shape; references are `check`'s alone."""
    refused = [f"{list(error.instance_path)}: {error.message}" for error in validator.iter_errors(file)]
    assert bool(refused) == bool(faults(file)), (file, refused, faults(file))
