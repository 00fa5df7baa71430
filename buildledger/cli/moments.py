"""How long ago something was, for people."""

from __future__ import annotations

from datetime import datetime

UNITS = (("d", 86_400), ("h", 3_600), ("min", 60))


def moment(text: str | None, now: datetime) -> str:
    """`in 11 h` or `3 min ago`; empty for what never was."""
    if text is None:
        return ""
    seconds = (datetime.fromisoformat(text) - now).total_seconds()
    unit, size = next(((unit, size) for unit, size in UNITS if abs(seconds) >= 2 * size), ("s", 1))
    amount = f"{abs(seconds) / size:.0f} {unit}"
    return f"in {amount}" if seconds > 0 else f"{amount} ago"
