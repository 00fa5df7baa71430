"""How numbers and lists of things are said to people."""

from __future__ import annotations

from collections.abc import Sequence

NAMED_MAX = 5
"""Things that a text names one by one; of more it gives the number."""


def plural(count: int, noun: str, several: str = "") -> str:
    """`1 fact`, `2 facts`, `1,204 facts`; `several` is for nouns that don't take an s."""
    return f"{count:,} {noun if count == 1 else several or f'{noun}s'}"


def enumerated(names: Sequence[str]) -> str:
    """`w1`, `w1 and w2`, `w1, w2 and 12 more`."""
    shown = list(names) if len(names) <= NAMED_MAX else [*names[:NAMED_MAX], f"{len(names) - NAMED_MAX} more"]
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"
