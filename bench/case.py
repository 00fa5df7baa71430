"""What a case is: work that is done once per run, and the figures that come of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

Samples = dict[str, float]
"""Figure name → value of one run."""

Trial = Callable[[Path], Samples]
"""One run below a folder, from the start of a system to its end."""


@dataclass(frozen=True, kw_only=True)
class Measure:
    """One figure of a case."""

    unit: str
    higher_is_better: bool = False
    target: float | None = None
    """What we want to reach at least (or at most, if lower is better)."""
    peer: str = ""
    """The name of the peer's sample, where it isn't the figure's own."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """The same work for both systems, or work that only ours can do."""

    name: str
    ours: Trial
    peer: Trial | None
    """None: Buildbot has nothing that could be compared. Cases with the same trial share its runs."""
    figures: dict[str, Measure]
    runs_max: int = 100
    """A long case whose figures are medians themselves isn't repeated by default."""
