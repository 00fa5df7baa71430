"""Wrong files and their exact messages; `tests/config/wrong` says how they are recorded."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from buildledger.config import limits
from buildledger.config.load import check
from buildledger.config.pipelines.definition import RepoFile
from buildledger.config.pipelines.repo_file import check as check_repo_file
from buildledger.config.problems.codes import CODES
from buildledger.config.problems.problem import Problem
from buildledger.config.reading.document import Document
from buildledger.config.reading.yaml_events import careful_events
from buildledger.config.reading.yaml_tree import Tree, Unreadable
from tests.config.wrong import FILES, FOLDER, answer, expected, found


def of_a_repository(body: str) -> list[Problem]:
    """What is wrong with the file of a repository, whose limits are lower."""
    file = RepoFile(content=f"version: 1\nbuilders:\n{body}".encode(), name="repo.yaml", source="widget", central=None)
    return list(check_repo_file(file).problems)


def of_many_values() -> list[Problem]:
    """What is wrong with a text of more values than may be read."""
    text = "x: [1, 2, 3, 4, 5, 6, 7, 8, 9]\n"
    document = Document(file="ci.yaml", texts={"ci.yaml": text})
    with pytest.raises(Unreadable):
        Tree(document, nodes_max=9).read(careful_events(text))
    return document.problems


def of_a_text(directory: Path, text: str) -> list[Problem]:
    """What is wrong with a file that is made for this."""
    (directory / "ci.yaml").write_text(text)
    return check(directory / "ci.yaml")


AXES = ", ".join(f"{axis}: [{', '.join(f'{axis}{n}' for n in range(32))}]" for axis in "ab")
"""Of a matrix with as many cells as one may have."""
NO_SMALL_FILE: dict[str, Callable[[Path], list[Problem]]] = {
    "file": lambda directory: check(directory / "gone.yaml"),
    "limit-builders": lambda _: of_a_repository(
        f"  one: {{steps: [{{run: [make]}}]}}\n  many: {{matrix: {{axes: {{{AXES}}}}}, steps: [{{run: [make]}}]}}\n"
    ),
    "limit-expanded": lambda _: of_a_repository(
        f"  many: {{matrix: {{axes: {{{AXES}}}}}, steps: [{{script: '{'x' * 1_000}'}}]}}\n"
    ),
    "limit-file": lambda directory: of_a_text(directory, "#" * (limits.FILE_BYTES + 1)),
    "limit-nodes": lambda _: of_many_values(),
    "limit-problems": lambda directory: of_a_text(
        directory, "version: 1\nbuilders:\n" + "".join(f"  b{n}: {{}}\n" for n in range(limits.PROBLEMS + 1))
    ),
}
"""Codes of a file that can't be read, and of limits that only thousands of lines reach, with what makes each."""


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.relative_to(FOLDER).with_suffix("").as_posix())
def test_what_is_said_of_a_wrong_file(file: Path) -> None:
    """Every problem at its place, in exactly these words, and nothing besides."""
    assert answer(file) == expected(file).read_text()


def test_every_code_has_a_wrong_file() -> None:
    """A problem that no file of the corpus has would have words that nobody has read."""
    shown = {problem.code for file in FILES for problem in found(file)}
    assert CODES.keys() - shown == NO_SMALL_FILE.keys()


@pytest.mark.parametrize("code", sorted(NO_SMALL_FILE))
def test_what_no_small_file_shows_is_said_too(tmp_path: Path, code: str) -> None:
    """Each of these codes is given for something."""
    assert code in {problem.code for problem in NO_SMALL_FILE[code](tmp_path)}


def test_no_answer_is_left_of_a_file_that_is_gone() -> None:
    """Each answer has its file."""
    assert set(FOLDER.rglob("*.txt")) == {expected(file) for file in FILES}
