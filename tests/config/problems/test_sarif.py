"""Problems as SARIF 2.1.0: what code hosts and editors read."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from buildledger.config.problems.codes import CODES
from buildledger.config.problems.problem import Problem
from buildledger.config.problems.report import sarif
from tests.config.wrong import FILES, found

RUN_KEYS = {"tool", "columnKind", "results"}
RESULT_KEYS = {"ruleId", "level", "message", "locations"}


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
