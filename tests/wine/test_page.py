"""docs/windows.md and the tests it names."""

from __future__ import annotations

import re
from pathlib import Path

from tests.wine.expected_checks import NEEDS_REAL_WINDOWS, check_names
from tests.wine.windows import REPOSITORY

PAGE = (REPOSITORY / "docs" / "windows.md").read_text()


def test_every_test_that_is_named_exists() -> None:
    """A claim of the page that points to a test points to one."""
    sources = "".join(file.read_text() for file in Path(__file__).parent.glob("test_*.py"))
    existing = set(re.findall(r"^def (test_\w+)", sources, re.MULTILINE)) | {
        f"test_check[{each}]" for each in check_names()
    }
    named = set(re.findall(r"`(test_[^`]+)`", PAGE))
    assert named
    assert named - existing == set()


def test_what_needs_real_windows_is_listed() -> None:
    """The table is the list of what is skipped."""
    assert set(re.findall(r"^\| `(\w+\.Test\w+)` \|", PAGE, re.MULTILINE)) == NEEDS_REAL_WINDOWS


def test_bugs_of_buildbot_are_answered() -> None:
    """Each has a row that names a test."""
    rows = re.findall(r"^\| \[#(\d+)\].*`test_", PAGE, re.MULTILINE)
    assert rows == ["3978", "4533", "5844", "6140", "8162"]
