"""Problems as SARIF 2.1.0: what code hosts and editors read."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from buildledger.config.problems.codes import CODES
from buildledger.config.problems.problem import Problem
from buildledger.config.problems.report import sarif
from tests.config.wrong import FILES, found

OFFICIAL = Path(__file__).parent / "sarif" / "sarif-schema-2.1.0.json"
"""Of OASIS, as published with the first errata of SARIF 2.1.0, unchanged."""
RUN_KEYS = {"tool", "columnKind", "results"}
RESULT_KEYS = {"ruleId", "level", "message", "locations"}


@pytest.fixture(scope="module")
def official() -> jsonschema_rs.Draft4Validator:
    """The schema of the standard, formats included."""
    return jsonschema_rs.Draft4Validator(json.loads(OFFICIAL.read_text()), validate_formats=True)


def test_every_answer_is_valid_by_the_official_schema(official: jsonschema_rs.Draft4Validator) -> None:
    """That of wrong files of all kinds, of all of them together, and of none."""
    every = [found(file) for file in FILES[::6]]
    odd = Problem(file="my files/ci #1.yaml", line=0, column=0, code="file", message="can't be read")
    for problems in (*every, [problem for each in every for problem in each], [odd], []):
        official.validate(json.loads(sarif(problems, "1.2.3")))


def test_the_official_schema_refuses_what_is_wrong(official: jsonschema_rs.Draft4Validator) -> None:
    """A line that counts from 0, and a level that there isn't."""
    problem = Problem(file="ci.yaml", line=1, column=1, code="file", message="can't be read")
    document = json.loads(sarif([problem], "1.2.3"))
    (result,) = document["runs"][0]["results"]
    for wrong in ({"level": "fatal"}, {"locations": [{"physicalLocation": {"region": {"startLine": 0}}}]}):
        document["runs"][0]["results"] = [result | wrong]
        assert not official.is_valid(document)


def run_of(problems: list[Problem]) -> dict[str, Any]:
    """The one run of a document, with what every document has."""
    document = json.loads(sarif(problems, "1.2.3"))
    assert document["version"] == "2.1.0"
    assert document.keys() == {"$schema", "version", "runs"}
    (run,) = document["runs"]
    assert run.keys() == RUN_KEYS
    assert run["tool"]["driver"]["name"]
    return dict(run)


@pytest.mark.parametrize("file", FILES[::9], ids=lambda file: file.stem)
def test_each_problem_is_a_result(file: Path) -> None:
    """With a rule, a level, a text, an address, and a place that counts from 1."""
    problems = found(file)
    run = run_of(problems)
    rules = {rule["id"]: rule["shortDescription"]["text"] for rule in run["tool"]["driver"]["rules"]}
    assert rules == {problem.code: CODES[problem.code] for problem in problems}
    assert len(run["results"]) == len(problems)
    for result in run["results"]:
        assert result.keys() == RESULT_KEYS
        assert result["level"] in ("error", "warning")
        assert result["message"]["text"]
        (location,) = result["locations"]
        physical = location["physicalLocation"]
        assert re.fullmatch(r"[\w.:/%~-]+", physical["artifactLocation"]["uri"])
        for edge in physical.get("region", {}).values():
            assert edge >= 1


def test_an_address_has_no_spaces() -> None:
    """A relative file is a relative address, with what can't stand in one written as it has to be."""
    problem = Problem(file="my files/ci #1.yaml", line=0, column=0, code="file", message="can't be read")
    (result,) = run_of([problem])["results"]
    assert result["locations"][0]["physicalLocation"] == {"artifactLocation": {"uri": "my%20files/ci%20%231.yaml"}}
