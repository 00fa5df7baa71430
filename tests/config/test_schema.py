"""The published JSON Schema."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from buildledger.config.schema import schema
from buildledger.config.yaml_reader import read
from tests.config.loading import EXAMPLES


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


def test_every_key_is_described() -> None:
    """Nearly every key has a description, for editors and for the manual."""
    definitions = schema()["$defs"]
    described = [name for name, model in definitions.items() if not model.get("description")]
    assert described == []
