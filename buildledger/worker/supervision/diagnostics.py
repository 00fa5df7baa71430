"""Reads what a supervisor wrote about its own troubles."""

from pathlib import Path

_LONGEST_CHARACTERS = 500


def read_diagnostics(path: Path) -> str:
    """The last line of a `diagnostics` file, cut at 500 characters; empty if there is none."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    return lines[-1][:_LONGEST_CHARACTERS] if lines else ""
