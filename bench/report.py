"""The table that people read, and the file that programs read."""

from __future__ import annotations

import json
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One thing measured once for each run, on both systems where the other has it."""

    name: str
    unit: str
    ours: tuple[float, ...]
    peer: tuple[float, ...]
    higher_is_better: bool = False
    target: float | None = None

    @property
    def ratio(self) -> float | None:
        """How many times better ours is, of the medians; below 1 it is worse. None without a peer."""
        if not self.peer:
            return None
        ours, peer = statistics.median(self.ours), statistics.median(self.peer)
        better, worse = (ours, peer) if self.higher_is_better else (peer, ours)
        return better / worse if worse else float("inf")


def table(figures: Sequence[Figure]) -> str:
    """Medians with their range, and the ratio."""
    rows = [("", "unit", "Build Ledger", "Buildbot 4.3", "times better", "target")]
    rows += [(f.name, f.unit, _spread(f.ours), _spread(f.peer), _times(f.ratio), _target(f)) for f in figures]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join([lines[0], "-" * len(lines[0]), *lines[1:]])


def _times(ratio: float | None) -> str:
    return "" if ratio is None else f"{ratio:.1f}×"


def _target(figure: Figure) -> str:
    if figure.target is None:
        return ""
    return f"{'≥' if figure.higher_is_better else '≤'}{figure.target:g}"


def _spread(values: Sequence[float]) -> str:
    if not values:
        return "–"
    if len(values) == 1:
        return f"{values[0]:.4g}"
    return f"{statistics.median(values):.4g} ({min(values):.4g}–{max(values):.4g})"


def save(figures: Sequence[Figure], target: Path) -> None:
    """Write the figures as a JSON list, replacing what is there of the same names."""
    target.parent.mkdir(parents=True, exist_ok=True)
    known = {row["name"]: row for row in json.loads(target.read_text())} if target.exists() else {}
    for figure in figures:
        known[figure.name] = {
            "name": figure.name,
            "unit": figure.unit,
            "ours": statistics.median(figure.ours),
            "peer": statistics.median(figure.peer) if figure.peer else None,
            "ratio": None if figure.ratio is None else round(figure.ratio, 2),
            "target": figure.target,
            "runs": {"ours": figure.ours, "peer": figure.peer},
        }
    target.write_text(json.dumps(list(known.values()), indent=2) + "\n")
