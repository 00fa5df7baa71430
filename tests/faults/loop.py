"""What a long loop of faults is told, and what it gives back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class LoopOptions:
    """How one loop is run; the same options give the same loop, as far as the machine lets them."""

    directory: Path
    """Empty, for the loop's own files."""
    count: int
    """How often."""
    seed: int
    say: Callable[[str], None]
    """Takes a line about how far the loop has come."""


@dataclass(kw_only=True)
class LoopOutcome:
    """What came of one loop."""

    done: int = 0
    """How often it was tried."""
    wrong: Counter[str] = field(default_factory=Counter)
    """How often each kind of thing went wrong."""
    details: list[str] = field(default_factory=list)
    """One text for each thing that went wrong: what, where, and how to see it again."""
    note: str = ""
    """What else is worth knowing, in a few words."""

    def add(self, kind: str, detail: str) -> None:
        """Something went wrong."""
        self.wrong[kind] += 1
        self.details.append(f"{kind}: {detail}")


@dataclass(frozen=True, kw_only=True)
class Loop:
    """One loop of faults."""

    name: str
    unit: str
    """What is counted: `kills`, `alterations`, …"""
    count: int
    """How often unless somebody says otherwise."""
    kinds: tuple[str, ...]
    """What may go wrong, each to be found 0 times."""
    run: Callable[[LoopOptions], LoopOutcome]


def row(loop: Loop, outcome: LoopOutcome, seconds: float) -> str:
    """The loop's line in the table of `docs/reliability.md`."""
    kinds = dict.fromkeys((*loop.kinds, *outcome.wrong))
    found = ", ".join(f"{outcome.wrong[kind]} {kind}" for kind in kinds)
    return f"| {loop.name} | {outcome.done:,} {loop.unit} | {found} | {outcome.note} | {seconds / 60:.0f} min |"


TABLE_HEAD = "| loop | done | went wrong | note | took |\n| --- | --- | --- | --- | --- |"
