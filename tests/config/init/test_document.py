"""The configuration that is written: whatever was found, it is one."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from buildledger.config.init.document import FILE_NAME, name_of, write
from buildledger.config.init.recipe import Recipe, Report, Run, Script
from buildledger.config.load import check, load
from buildledger.config.steps.run import RunStep
from buildledger.config.steps.script import ScriptStep

AWKWARD = (
    "-S",
    "3.10",
    "true",
    "a: b",
    "#x",
    "{{.Dir}}/...",
    "é 'quoted' \"twice\"",
    "@x",
    "~",
    "*",
    "- a",
    "",
    "&a",
    "!t",
)


def _file(directory: Path, text: str) -> Path:
    (directory / ".git").mkdir(exist_ok=True)
    file = directory / FILE_NAME
    file.write_text(text, encoding="utf-8")
    return file


def _recipe(directory: str = ".") -> Recipe:
    return Recipe(
        builder="python",
        language="Python",
        found=("pyproject.toml", "3.10", "a: b # c"),
        steps=(
            Run(argv=("program", *AWKWARD), name="a: name", timeout="20m"),
            Script(name="it's one", lines=("test -x 'a b' || true", "{ echo done; }"), timeout="5m"),
            Report(path="out dir/junit.xml"),
        ),
        env={"CI": "true", "EMPTY": ""},
        directory=directory,
    )


@pytest.mark.parametrize("recipes", [(), (_recipe(),), (_recipe("web app"),)], ids=["none", "one", "below the root"])
def test_what_is_written_has_no_problems(tmp_path: Path, recipes: tuple[Recipe, ...]) -> None:
    """It passes `config check` without a warning, and the arguments arrive as they were meant."""
    file = _file(tmp_path, write(recipes, project="widget", remote="https://ci.example/a b#c.git"))
    problems = [str(problem) for problem in check(file)]
    assert [problem for problem in problems if "[shell-syntax]" not in problem] == []
    configuration = load(file)
    assert configuration.sources["widget"].url == tmp_path.as_uri()
    for recipe in recipes:
        _, _, run, script, _ = configuration.builders[recipe.builder].steps
        assert isinstance(run, RunStep)
        assert (run.argv, run.workdir) == (("program", *AWKWARD), recipe.directory)
        assert isinstance(script, ScriptStep)
        assert script.script == "test -x 'a b' || true\n{ echo done; }\n"


@settings(max_examples=25)
@example("False")
@example("3.10")
@example("日本")
@example("a\nb")
@example("\ud800")
@given(project=st.text(min_size=1, max_size=80))
def test_any_name_of_a_directory_becomes_a_name(tmp_path_factory: pytest.TempPathFactory, project: str) -> None:
    """The name of the source is one that the format allows, and the title is the directory's own name."""
    directory = tmp_path_factory.mktemp("named")
    file = _file(directory, write((), project=project, remote=None))
    problems = [problem for problem in check(file) if problem.severity == "error"]
    assert problems == []
    assert 1 <= len(name_of(project)) <= 64
