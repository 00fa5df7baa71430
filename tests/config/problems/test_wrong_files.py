"""Wrong files and their exact messages; `tests/config/wrong` says how they are recorded."""

from __future__ import annotations

from pathlib import Path

import pytest

from buildledger.config.problems.codes import CODES
from tests.config.wrong import FILES, FOLDER, answer, expected, found

NO_SMALL_FILE = {"file", "limit-builders", "limit-expanded", "limit-file", "limit-nodes", "limit-problems"}
"""A file that can't be read, and limits that only thousands of lines reach: tests beside this one make such files."""


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.relative_to(FOLDER).with_suffix("").as_posix())
def test_what_is_said_of_a_wrong_file(file: Path) -> None:
    """Every problem at its place, in exactly these words, and nothing besides."""
    assert answer(file) == expected(file).read_text()


def test_every_code_has_a_wrong_file() -> None:
    """A problem that no file of the corpus has would have words that nobody has read."""
    shown = {problem.code for file in FILES for problem in found(file)}
    assert CODES.keys() - shown == NO_SMALL_FILE


def test_no_answer_is_left_of_a_file_that_is_gone() -> None:
    """Each answer has its file."""
    assert set(FOLDER.rglob("*.txt")) == {expected(file) for file in FILES}
