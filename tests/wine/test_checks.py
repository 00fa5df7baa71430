"""The checks for Windows machines, run under Wine as far as they go; each test of Go's that Windows has is one here."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.wine.expected_checks import NEEDS_REAL_WINDOWS, check_names
from tests.wine.windows import Windows

pytestmark = pytest.mark.xdist_group("wine")


@pytest.fixture(scope="module")
def table(windows: Windows, checks: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[str, str]]:
    """Outcome and remarks of each check, out of what the program prints for people."""
    text = windows.run(checks / "windows-checks.exe", directory=tmp_path_factory.mktemp("checks"))
    lines = re.findall(r"^(PASS|FAIL|SKIP) +(\S+) *(.*)$", text, re.MULTILINE)
    assert lines, text
    return {name: (outcome, remarks) for outcome, name, remarks in lines}


@pytest.mark.parametrize("name", check_names())
def test_check(table: dict[str, tuple[str, str]], name: str) -> None:
    """It passes, or is one of the few that need a real Windows."""
    outcome, remarks = table[name]
    if name in NEEDS_REAL_WINDOWS:
        assert outcome == "SKIP", f"it is shown here: take it off the list ({remarks})"
        pytest.skip(remarks)
    assert outcome == "PASS", remarks
