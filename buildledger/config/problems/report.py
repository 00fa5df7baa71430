"""Problems for people, and as SARIF for tools."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from buildledger.config.problems.codes import CODES
from buildledger.config.problems.painting import painted
from buildledger.config.problems.problem import Problem

LINE_CHARACTERS = 160
"""Of a line of the file that is shown."""


def problems_text(problems: Sequence[Problem], *, texts: Mapping[str, str] | None = None, colour: bool = False) -> str:
    """Each problem with its line below it, of those files of which `texts` has the text, then how many there are."""
    lines = {file: text.split("\n") for file, text in (texts or {}).items()}
    parts = [_problem(problem, lines.get(problem.file, []), colour=colour) for problem in problems]
    errors = sum(problem.severity == "error" for problem in problems)
    warnings = len(problems) - errors
    counts = [
        f"{count} {word}{'s' * (count != 1)}" for count, word in ((errors, "error"), (warnings, "warning")) if count
    ]
    return "\n".join([*parts, " and ".join(counts) or "no problems"])


def sarif(problems: Sequence[Problem], version: str) -> str:
    """SARIF 2.1.0; `version` is Build Ledger's."""
    codes = sorted({problem.code for problem in problems})
    rules = [{"id": code, "shortDescription": {"text": CODES[code]}} for code in codes]
    driver = {"name": "buildledger config check", "version": version, "rules": rules}
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": list(map(_result, problems))}
    document = {"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": [run]}
    return json.dumps(document, indent=2)


def _result(problem: Problem) -> dict[str, Any]:
    path = Path(problem.file)
    physical: dict[str, Any] = {
        "artifactLocation": {"uri": path.as_uri() if path.is_absolute() else quote(path.as_posix())}
    }
    if problem.line:
        physical["region"] = {"startLine": problem.line, "startColumn": problem.column}
    location: dict[str, Any] = {"physicalLocation": physical}
    if problem.path:
        location["logicalLocations"] = [{"fullyQualifiedName": problem.place}]
    text = "\n".join([problem.message + (f" ({problem.hint})" if problem.hint else ""), *problem.notes])
    return {"ruleId": problem.code, "level": problem.severity, "message": {"text": text}, "locations": [location]}


def _problem(problem: Problem, lines: Sequence[str], *, colour: bool) -> str:
    text = painted(str(problem), problem.severity, colour=colour)
    text = "\n".join([text, *(f"    {note}" for note in problem.notes)])
    if not 0 < problem.line <= len(lines):
        return text
    line = lines[problem.line - 1].rstrip("\r")
    if len(line) > LINE_CHARACTERS or not line.replace("\t", " ").isprintable():
        return text
    margin = f"{problem.line:>5} | "
    caret = " " * (len(margin) + problem.column - 1) + "^"
    return "\n".join([text, painted(margin, "dim", colour=colour) + line.replace("\t", " "), caret])
