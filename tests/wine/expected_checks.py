"""The checks for Windows machines as their sources have them, and those of them that Wine can't show."""

from __future__ import annotations

import re
from pathlib import Path

from tests.wine.windows import GO_WORKER

SCRIPT = (GO_WORKER / "wine" / "checks.sh").read_text()
PACKAGES = re.findall(r"^for package in (.+); do$", SCRIPT, re.MULTILINE)[0].split()
NEEDS_REAL_WINDOWS = {
    "paths.TestBuildDirectoryThatBecameALinkIsNotOpened",
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
