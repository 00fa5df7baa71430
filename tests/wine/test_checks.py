"""The checks for Windows machines, run under Wine as far as they go; each test of Go's that Windows has is one here."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.wine.windows import GO_WORKER, Windows

pytestmark = pytest.mark.xdist_group("wine")

SCRIPT = (GO_WORKER / "wine" / "checks.sh").read_text()
PACKAGES = re.findall(r"^for package in (.+); do$", SCRIPT, re.MULTILINE)[0].split()
NEEDS_REAL_WINDOWS = {
    "processes.TestRealShell",
    "processes.TestWhatIsNoProgram",
    "processes.TestControlBreakReachesGroup",
    "processes.TestJobLimitsMemory",
    "processes.TestTaskkillMissesOrphans",
    "processes.TestPseudoConsole",
}
"""What Wine can't show. docs/windows.md lists the same."""


def check_names() -> list[str]:
    """The tests of the packages that are compiled for Windows, from their sources."""
    found = []
    for package in PACKAGES:
        for file in sorted((GO_WORKER / "internal" / package).glob("*_test.go")):
            if not file.name.endswith("_linux_test.go"):
                tests = re.findall(r"^func (Test\w+)\(t \*testing\.T\)", file.read_text(), re.MULTILINE)
                found += [f"{Path(package).name}.{name}" for name in tests]
    return found


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
