"""The resolved configuration as canonical text, its digest, differences and reports."""

from __future__ import annotations

import json

import pytest

from buildledger.config.diff import Entry, ExitCode, FieldChange, diff
from buildledger.config.load import load
from buildledger.config.problems import ConfigErrors
from buildledger.config.report import diff_text, problems_text, sarif
from buildledger.config.stored import read_configuration
from buildledger.testing.configuration import load_text
from tests.config.loading import BASE, EXAMPLES, loaded

ACME = (EXAMPLES / "acme.yaml").read_text()


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


def test_no_difference() -> None:
    """A configuration doesn't differ from itself."""
    found = diff(loaded(ACME), loaded(ACME))
    assert (found.entries, found.exit_code, diff_text(found)) == ((), ExitCode.NOTHING, "no changes")


def test_differences_by_kind_and_name() -> None:
    """What is created, changed and removed is told by name, what changed by field."""
    text = ACME.replace("capacity: 4", "capacity: 8").replace("  release:", "  publish:")
    text = text.replace("build: [release]", "build: [publish]").replace("settle: 90s", "settle: 2m")
    found = diff(loaded(ACME), loaded(text))
    assert found.entries == (
        Entry(action="changed", kind="worker", name="linux", fields=(FieldChange(path="capacity", old="4", new="8"),)),
        Entry(action="created", kind="builder", name="publish"),
        Entry(action="removed", kind="builder", name="release"),
        Entry(
            action="changed",
            kind="trigger",
            name="change-widget",
            fields=(FieldChange(path="settle_seconds", old="90.0", new="120.0"),),
        ),
        Entry(action="created", kind="trigger", name="manual-publish"),
        Entry(action="removed", kind="trigger", name="manual-release"),
    )
    assert found.exit_code == ExitCode.CHANGES
    assert found.plan()[0] == "changed worker linux: capacity"
    assert diff_text(found).splitlines()[:2] == ["~ worker linux", "    capacity: 4 → 8"]


def test_the_first_configuration_is_all_new() -> None:
    """Against nothing, everything is created."""
    found = diff(None, loaded(ACME))
    assert {entry.action for entry in found.entries} == {"created"}
    assert "created server" in found.plan()


def test_fields_of_steps() -> None:
    """A change inside a step is told to the argument, and so is a step more."""
    old = loaded(f"{BASE}builders: {{b: {{steps: [{{run: [make, a]}}]}}}}\n")
    new = loaded(f"{BASE}builders: {{b: {{steps: [{{run: [make, b]}}, {{script: x}}]}}}}\n")
    (entry,) = diff(old, new).entries
    assert [field.path for field in entry.fields] == ["steps[0].argv[1]", "steps[0].name", "steps[1]"]
    assert entry.fields[2].old is None


def test_reports() -> None:
    """Problems are printed with their line and a caret, and as SARIF with the same places."""
    text = "version: 1\nworkres: {}\n"
    with pytest.raises(ConfigErrors) as caught:
        load_text(text)
    assert problems_text(caught.value.problems, source=text).splitlines() == [
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
