"""`buildledger init` and `buildledger serve`, and nothing else: the first build is green, and what they say is true."""

from __future__ import annotations

from pathlib import Path

import pytest

from buildledger.config.load import check
from tests.first_build.two_commands import commit, names, project, typed

LIMIT_SECONDS = 120.0
WITHOUT_NETWORK = ("cmake", "make")
"""What is built here; `make faults ONLY=first-builds` builds all."""


@pytest.mark.parametrize("name", names())
def test_what_init_writes(tmp_path: Path, name: str) -> None:
    """Each kind of project is recognised, and the configuration has no problems, not even warnings."""
    expected = project(name)
    repository = commit(expected, tmp_path / "widget")
    with typed(repository.path, tmp_path / "home") as terminal:
        said = terminal.run("init")
    assert said.returncode == 0, said.stderr
    assert f"  {expected.found}\n" in said.stdout
    assert said.stdout.endswith("\nNext:    buildledger serve\n")
    assert check(repository.path / "buildledger.yaml") == []


@pytest.mark.parametrize("name", WITHOUT_NETWORK)
def test_the_first_build(tmp_path: Path, name: str) -> None:
    """It starts by itself, is green, and its end is said; the next commit is built as well."""
    expected = project(name)
    repository = commit(expected, tmp_path / "widget")
    with typed(repository.path, tmp_path / "home") as terminal:
        assert terminal.run("init").returncode == 0
        terminal.serve()
        said = terminal.first_build(LIMIT_SECONDS)
        assert terminal.differences(expected, said) == [], terminal.output.read_text()
        assert repository.git("status", "--porcelain") == "?? buildledger.yaml"
