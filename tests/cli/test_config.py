"""`buildledger config`: check, schema, diff, apply, show."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.conftest import CONFIG, Run, ServedDirectory


def _written(directory: Path, text: str) -> Path:
    path = directory / "ci.yaml"
    path.write_text(text % directory if "%s" in text else text)
    return path


def test_a_good_file_has_no_problems(run: Run, tmp_path: Path) -> None:
    """A file without errors exits with 0 and says so."""
    path = _written(tmp_path, CONFIG)
    shown = run("config", "check", path)
    assert (shown.exit_code, shown.output) == (0, f"{path}: no problems\n")


def test_a_bad_file_is_named_with_line_and_column(run: Run, tmp_path: Path) -> None:
    """An unknown key is an error with file, line and column, and the exit code is 1."""
    path = _written(tmp_path, CONFIG.replace("capacity: 2", "capacitty: 2"))
    shown = run("config", "check", path)
    assert shown.exit_code == 1
    assert f"{path}:6:" in shown.output
    assert "capacity" in shown.output


def test_problems_as_sarif(run: Run, tmp_path: Path) -> None:
    """SARIF for code hosts holds the same problem at the same place."""
    path = _written(tmp_path, CONFIG.replace("capacity: 2", "capacitty: 2"))
    results = json.loads(run("config", "check", "--sarif", path).output)["runs"][0]["results"]
    assert [each["locations"][0]["physicalLocation"]["region"]["startLine"] for each in results] == [6]


def test_the_schema_is_json(run: Run) -> None:
    """The schema of the file format is a JSON Schema with the top-level sections."""
    assert {"builders", "sources", "workers"} <= set(json.loads(run("config", "schema").output)["properties"])


def test_diff_of_two_files(run: Run, tmp_path: Path) -> None:
    """Nothing is 0, a difference is 2 and is shown, a file with errors is 1."""
    before = _written(tmp_path, CONFIG)
    after = tmp_path / "after.yaml"
    after.write_text(before.read_text().replace("capacity: 2", "capacity: 3"))
    assert run("config", "diff", before, "--against", before).exit_code == 0
    shown = run("config", "diff", after, "--against", before)
    assert shown.exit_code == 2
    assert "capacity" in shown.output
    after.write_text("version: 1\nbuilders: 3\n")
    assert run("config", "diff", after, "--against", before).exit_code == 1


def test_applying_to_a_server(run: Run, served: ServedDirectory, tmp_path: Path) -> None:
    """What is applied is shown as the difference first, is in force afterwards, and once more changes nothing."""
    changed = tmp_path / "changed.yaml"
    changed.write_text(served.config.read_text().replace("capacity: 2", "capacity: 5"))
    at = ["--state", served.state]

    assert run("config", "diff", changed, *at).exit_code == 2
    applied = run("config", "apply", changed, *at)
    assert (applied.exit_code, "applied: ledger position" in applied.output) == (0, True)
    shown = json.loads(run("config", "show", *at).output)
    assert shown["workers"]["local"]["capacity"] == 5

    again = run("config", "apply", changed, *at)
    assert (again.exit_code, "says the same already" in again.output) == (0, True)


def test_applying_over_another_revision_is_refused(run: Run, served: ServedDirectory, tmp_path: Path) -> None:
    """Whoever expects another revision than the one in force changes nothing and reads why."""
    changed = tmp_path / "changed.yaml"
    changed.write_text(served.config.read_text().replace("capacity: 2", "capacity: 9"))
    refused = run("config", "apply", changed, "--expect", "77", "--state", served.state)
    assert refused.exit_code == 1
    assert "config_revision" in refused.output
    assert run("config", "diff", changed, "--state", served.state).exit_code == 2
