"""The kept lists of deliberate faults, and what can be wrong with them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

ROOT = Path(__file__).parent.parent.parent
LISTS = Path(__file__).parent / "faults"
SUITES = ("pytest", "go", "node", "dashboard")


class FaultListError(Exception):
    """A list of faults can't be read, or one of its faults doesn't fit the code any more."""


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One deliberate fault: a text in one file, what it is replaced by, and the tests that have to fail for it."""

    room: str
    """The list it stands in."""
    why: str
    """What is wrong with the code once the fault is in it."""
    file: str
    """Relative to the repository."""
    old: str
    """Stands exactly once in the file."""
    new: str
    suite: str
    """One of `SUITES`."""
    tests: tuple[str, ...]
    """What the suite is given: files for pytest and the two suites in TypeScript, packages for Go."""

    def applied(self, root: Path) -> str:
        """The file's text with the fault in it.

        Raises:
            FaultListError: The file is gone, or the text to replace doesn't stand in it exactly once.
        """
        path = root / self.file
        if not path.is_file():
            raise FaultListError(f"{self.room}: {self.why}: there is no {self.file}")
        text = path.read_text()
        if (found := text.count(self.old)) != 1:
            raise FaultListError(f"{self.room}: {self.why}: its text stands {found} times in {self.file}")
        return text.replace(self.old, self.new)


def load(only: str = "") -> list[Fault]:
    """All faults, list by list; with `only` those whose room, file or description contains that text.

    Raises:
        FaultListError: An entry lacks a key or has one too many, or its suite is unknown.
    """
    faults = [fault for path in sorted(LISTS.glob("*.yaml")) for fault in _read(path)]
    return [fault for fault in faults if only in f"{fault.room} {fault.file} {fault.why}"]


def _read(path: Path) -> list[Fault]:
    entries = YAML(typ="safe").load(path.read_text())
    return [_fault(path.stem, entry) for entry in entries]


def _fault(room: str, entry: dict[str, Any]) -> Fault:
    expected = {"why", "file", "old", "new", "tests"}
    if not expected <= set(entry) <= expected | {"suite"}:
        raise FaultListError(f"{room}: an entry has the keys {sorted(entry)}; it takes {sorted(expected)} and suite")
    suite = entry.get("suite", "pytest")
    if suite not in SUITES:
        raise FaultListError(f"{room}: there is no suite {suite!r}; there are {', '.join(SUITES)}")
    return Fault(
        room=room,
        why=entry["why"],
        file=entry["file"],
        old=entry["old"],
        new=entry["new"],
        suite=suite,
        tests=tuple(entry["tests"]),
    )
