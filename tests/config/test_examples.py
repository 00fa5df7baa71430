"""The example files, and the example of the format's design."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from buildledger.config.load import check, load
from buildledger.config.pipelines.definition import RepoFile
from buildledger.config.pipelines.repo_file import check as check_repo_file
from tests.config.texts import EXAMPLES

FULL = Path(__file__).parent / "files" / "full.yaml"


def test_acme_loads() -> None:
    """The example of the manual loads, with its matrix expanded and its triggers resolved to cells."""
    configuration = load(EXAMPLES / "acme.yaml", secrets_required=False)
    cells = [
        "tests[3.12,linux]",
        "tests[3.13,linux]",
        "tests[3.13,windows]",
        "tests[3.14,linux]",
        "tests[3.14,windows]",
    ]
    assert list(configuration.builders) == [*cells, "integration", "release"]
    assert configuration.triggers["change-widget"].build == tuple(cells)
    assert configuration.builders["integration"].sources == ("widget", "proto")


def test_acme_loads_with_its_secrets(tmp_path: Path) -> None:
    """With the directory of secrets in its place the example loads as a server loads it."""
    text = (EXAMPLES / "acme.yaml").read_text().replace("/etc/buildledger/secrets", "secrets")
    file = tmp_path / "ci.yaml"
    file.write_text(text)
    assert {problem.code for problem in check(file)} == {"missing-secret"}
    (tmp_path / "secrets").mkdir()
    for name in ("staging-db", "pypi"):
        (tmp_path / "secrets" / name).write_text("a value of it\n")
    assert load(file).secrets.path == str(tmp_path / "secrets")


def test_self_builds_the_clone_it_stands_in(tmp_path: Path) -> None:
    """The configuration of `make run` names the clone that holds it, wherever that is."""
    (tmp_path / "examples").mkdir()
    file = tmp_path / "examples" / "self.yaml"
    shutil.copy(EXAMPLES / "self.yaml", file)
    assert check(file) == []
    assert load(file).sources["build-ledger"].url == tmp_path.as_uri()


def test_parts_that_are_not_built_are_refused_by_name() -> None:
    """The whole format's example is refused for exactly what this version doesn't have, and for nothing else."""
    found = check(FULL, secrets_required=False)
    assert {problem.code for problem in found} == {"not-built"}
    named = [re.match(r"'(\w+)' is part of the format but not built in this version", p.message) for p in found]
    assert [match[1] for match in named if match] == [
        "webhook",
        "svn",
        "pull_request",
        "identity",
        "access",
        "notify",
    ]
    assert [(problem.line, problem.column) for problem in found][:3] == [(7, 55), (8, 12), (61, 10)]


def test_acme_is_the_whole_format_s_example_as_far_as_it_is_built() -> None:
    """Every line of it stands there too, but for the addresses of the sources."""
    of_its_own = [line for line in (EXAMPLES / "acme.yaml").read_text().splitlines() if line not in FULL.read_text()]
    assert [line.strip().partition(" ")[0] for line in of_its_own] == ["#", "widget:", "proto:"]


@pytest.mark.parametrize("file", sorted(EXAMPLES.glob("*.yaml")), ids=lambda path: path.name)
def test_examples_have_no_problems(file: Path) -> None:
    """No example even warns."""
    assert check(file, secrets_required=False) == []


def test_the_example_of_a_pipeline_is_granted_all_that_it_says() -> None:
    """The repository's file is right by the central configuration beside it, and neither warns."""
    pipeline = EXAMPLES / "pipeline"
    central = load(pipeline / "ci.yaml", secrets_required=False)
    assert check(pipeline / "ci.yaml", secrets_required=False) == []
    content = (pipeline / "repository" / ".buildledger.yaml").read_bytes()
    found = check_repo_file(RepoFile(content=content, name="f", source="widget", central=central))
    assert found.problems == ()
    assert found.pipeline is not None
    assert list(found.pipeline.builders) == ["widget:tests[3.12]", "widget:tests[3.13]", "widget:integration"]
