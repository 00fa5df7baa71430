"""`buildledger config`: check, schema, diff, apply, show."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

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


def test_a_builder_of_a_directory_is_explained(run: Run, tmp_path: Path) -> None:
    """Each line says which of the files it comes from."""
    (tmp_path / "a.yaml").write_text("version: 1\nworkers: {linux: {}}\n")
    (tmp_path / "b.yaml").write_text("builders:\n  lint: {steps: [{run: [make, lint]}]}\n")
    shown = run("config", "explain", "lint", "--config", tmp_path)
    assert shown.exit_code == 0, shown.output
    assert f"# {tmp_path / 'b.yaml'}:2\n" in shown.output
    assert shown.output.endswith(f"#   linux  {tmp_path / 'a.yaml'}:2\n")


def test_a_builder_is_explained(run: Run, tmp_path: Path) -> None:
    """Each line has the place that it came from; whoever builds it and may run it is named; so is a name like it."""
    path = _written(tmp_path, CONFIG)
    shown = run("config", "explain", "tidy", "--config", path)
    assert shown.exit_code == 0
    assert any(
        line.startswith("  collapse: same-branch ") and line.endswith("# default") for line in shown.output.splitlines()
    )
    assert any("run: [make, tidy]" in line and line.endswith(f"# {path}:12") for line in shown.output.splitlines())
    assert f"#   pushed (change)  {path}:15" in shown.output
    assert f"#   local  {path}:6" in shown.output
    as_json = json.loads(run("config", "explain", "tidy", "--config", path, "--json").output)
    assert as_json["builder"]["value"]["when"]["origin"] == f"{path}:11"
    unknown = run("config", "explain", "tidi", "--config", path)
    assert (unknown.exit_code, "did you mean 'tidy'?" in unknown.output) == (1, True)


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
    assert (applied.exit_code, "applied as revision 2: ledger position" in applied.output) == (0, True)
    shown = json.loads(run("config", "show", *at).output)
    assert shown["workers"]["local"]["capacity"] == 5

    again = run("config", "apply", changed, *at)
    assert (again.exit_code, "says the same already" in again.output) == (0, True)


def test_applying_over_another_revision_is_refused(run: Run, served: ServedDirectory, tmp_path: Path) -> None:
    """Whoever expects another revision than the one in force changes nothing and reads why."""
    changed = tmp_path / "changed.yaml"
    changed.write_text(served.config.read_text().replace("capacity: 2", "capacity: 9"))
    refused = run("config", "apply", changed, "--expect", "77", "--state", served.state)
    assert refused.exit_code == 3
    assert "nothing was applied: revision" in refused.output
    assert "not 77: admin applied it at 20" in refused.output or "not 77: system applied it at 20" in refused.output
    assert f"(config_revision):\n  buildledger config diff {changed} --state {served.state}\n" in refused.output
    assert run("config", "diff", changed, "--state", served.state).exit_code == 2


def test_what_cannot_be_compared_is_told_how_to(run: Run, served: ServedDirectory, tmp_path: Path) -> None:
    """Standard input on both sides, and the number of a revision in the place of a file; a command can be copied."""
    twice = run("config", "diff", "-", "--against", "-")
    assert (twice.exit_code, "Standard input can be read once" in twice.output) == (2, True)
    number = run("config", "diff", "3", "--state", served.state)
    assert (number.exit_code, "compared by `--revision 3`" in number.output) == (2, True)
    changed = tmp_path / "another one.yaml"
    changed.write_text(served.config.read_text().replace("capacity: 2", "capacity: 8"))
    shown = run("config", "diff", changed, "--state", served.state)
    assert f"  buildledger config apply '{changed}' --expect " in shown.output
    assert shown.output.endswith(f" --state {served.state}\n")


def test_a_secret_that_only_the_author_has(
    run: Run, served: ServedDirectory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Is no secret for the server: the plan says so, and nothing is applied."""
    monkeypatch.setenv("BUILDLEDGER_SECRET_MINE", "s3cr3t-of-the-author")
    changed = tmp_path / "changed.yaml"
    steps = "builders: {mine: {steps: [{run: [x], env: {A: {secret: mine}}}]}}"
    changed.write_text(f"version: 1\nsecrets: {{provider: env}}\n{steps}\n")
    for command in ("diff", "apply"):
        said = run("config", command, changed, "--state", served.state)
        assert "the server can't put it in force:" in said.output
        assert "BUILDLEDGER_SECRET_MINE" in said.output
        assert "applied as" not in said.output


def test_history_and_the_way_back(run: Run, served: ServedDirectory, tmp_path: Path) -> None:
    """Who applied what, when, from where and why is listed; an earlier revision is shown, compared and restored."""
    changed = tmp_path / "changed.yaml"
    changed.write_text(served.config.read_text().replace("capacity: 2", "capacity: 7"))
    at = ["--state", served.state]
    before = json.loads(run("config", "history", "--json", "--limit", "1", *at).output)[0]["revision"]
    applied = run("config", "apply", changed, "-m", "more room", *at)
    assert f"applied as revision {before + 1}: " in applied.output

    newest, *_ = run("config", "history", *at).output.split("\nrevision ")
    assert newest.startswith(f"revision {before + 1}, in force: admin, ")
    assert newest.splitlines()[0].endswith(f"from {changed}")
    assert newest.splitlines()[1:] == ['    "more room"', "    changed worker local: capacity"]
    shown = json.loads(run("config", "show", "--revision", before, *at).output)
    assert shown["workers"]["local"]["capacity"] != 7
    assert run("config", "diff", "--revision", before + 1, *at).exit_code == 0
    both = run("config", "diff", "--revision", before + 1, "--against", before, *at)
    assert (both.exit_code, "→ 7" in both.output) == (2, True)
    as_json = json.loads(run("config", "diff", "--revision", before, "--json", *at).output)
    assert [entry["fields"][0]["path"] for entry in as_json["entries"]] == ["capacity"]

    back = run("config", "rollback", before, "-m", "too many", *at)
    assert (back.exit_code, f"applied as revision {before + 2}: " in back.output) == (0, True)
    assert "says the same already" in run("config", "rollback", before, *at).output
    assert f"back to revision {before}" in run("config", "history", *at).output
    assert run("config", "rollback", "999", *at).exit_code == 1


def test_a_comparison_needs_something_to_compare(run: Run) -> None:
    """Neither a file nor a revision, or both, is a mistake of the command line."""
    assert run("config", "diff").exit_code == 2
    assert run("config", "diff", "ci.yaml", "--revision", "1").exit_code == 2


def test_warnings_stop_nothing_unless_they_shall(run: Run, tmp_path: Path) -> None:
    """They are shown, with exit code 0; --strict counts them as errors, in SARIF too."""
    path = _written(tmp_path, CONFIG + "locks: {nobody: {count: 1}}\n")
    shown = run("config", "check", path)
    assert shown.exit_code == 0
    assert "warning: nobody takes the lock 'nobody'" in shown.output
    assert run("config", "check", "--strict", path).exit_code == 1
    for option, level in (((), "warning"), (("--strict",), "error")):
        results = json.loads(run("config", "check", "--sarif", *option, path).output)["runs"][0]["results"]
        assert [(each["ruleId"], each["level"]) for each in results] == [("unused", level)]


def test_applying_a_file_says_its_warnings(run: Run, served: ServedDirectory, tmp_path: Path) -> None:
    """And applies it, unless warnings count as errors."""
    path = _written(tmp_path, CONFIG + "locks: {nobody: {count: 1}}\n")
    refused = run("config", "apply", "--strict", path, "--state", served.state)
    assert refused.exit_code == 1
    applied = run("config", "apply", path, "--state", served.state)
    assert applied.exit_code == 0
    assert "warning: nobody takes the lock 'nobody'" in applied.output
