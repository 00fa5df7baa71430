"""The table that people read, and `out/bench.json` that programs read."""

from __future__ import annotations

import json
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One thing measured on both systems, once for each run."""

    name: str
    unit: str
    ours: tuple[float, ...]
    peer: tuple[float, ...]
    higher_is_better: bool = False

    @property
    def ratio(self) -> float:
        """How many times better ours is, of the medians; below 1 it is worse."""
        ours, peer = statistics.median(self.ours), statistics.median(self.peer)
        better, worse = (ours, peer) if self.higher_is_better else (peer, ours)
        return better / worse if worse else float("inf")


def table(figures: Sequence[Figure]) -> str:
    """Medians with their range, and the ratio."""
    rows = [("", "unit", "Build Ledger", "Buildbot 4.3", "times better")]
    rows += [(f.name, f.unit, _spread(f.ours), _spread(f.peer), f"{f.ratio:.1f}×") for f in figures]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join([lines[0], "-" * len(lines[0]), *lines[1:]])


def _spread(values: Sequence[float]) -> str:
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
            "peer": statistics.median(figure.peer),
            "ratio": round(figure.ratio, 2),
            "runs": {"ours": figure.ours, "peer": figure.peer},
        }
    target.write_text(json.dumps(list(known.values()), indent=2) + "\n")
