"""The resolved configuration as canonical text, its digest, and reports of problems."""

from __future__ import annotations

import json

import pytest

from buildledger.config.load import load
from buildledger.config.problems.problem import ConfigErrors
from buildledger.config.problems.report import problems_text, sarif
from buildledger.config.stored import read_configuration
from buildledger.testing.configuration import load_text
from tests.config.texts import BASE, EXAMPLES, loaded


def test_canonical_text_round_trips() -> None:
    """What is stored gives back an equal configuration with the same text and digest."""
    configuration = load(EXAMPLES / "acme.yaml", secrets_required=False)
    again = read_configuration(configuration.to_json())
    assert again == configuration
    assert (again.to_json(), again.digest) == (configuration.to_json(), configuration.digest)
    assert json.dumps(json.loads(configuration.to_json()), sort_keys=True) == json.dumps(
        json.loads(configuration.to_json())
    )


def test_the_digest_depends_on_content_only() -> None:
    """Comments, order and spelled-out defaults don't change the digest; a changed value does."""
    one = loaded(f"{BASE}workers: {{a: {{}}, b: {{capacity: 1}}}}\n")
    two = loaded(f"# a comment\n{BASE}workers:\n  b: {{labels: {{}}}}\n  a: {{}}\n")
    three = loaded(f"{BASE}workers: {{a: {{}}, b: {{capacity: 2}}}}\n")
    assert one.digest == two.digest != three.digest


def test_reports() -> None:
    """Problems are printed with their line and a caret, and as SARIF with the same places."""
    text = "version: 1\nworkres: {}\n"
    with pytest.raises(ConfigErrors) as caught:
        load_text(text)
    assert problems_text(caught.value.problems, texts={"ci.yaml": text}).splitlines() == [
        "ci.yaml:2:1: unknown key 'workres', did you mean 'workers'? [unknown-key]",
        "    2 | workres: {}",
        "        ^",
        "1 error",
    ]
    (run,) = json.loads(sarif(caught.value.problems, "1.0"))["runs"]
    (result,) = run["results"]
    assert (result["ruleId"], result["level"]) == ("unknown-key", "error")
    (location,) = result["locations"]
    assert location["physicalLocation"] == {
        "artifactLocation": {"uri": "ci.yaml"},
        "region": {"startLine": 2, "startColumn": 1},
    }
    assert problems_text([]) == "no problems"
