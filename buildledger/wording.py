"""How numbers of things are said to people."""

from __future__ import annotations


def plural(count: int, noun: str, several: str = "") -> str:
    """`1 fact`, `2 facts`, `1,204 facts`; `several` is for nouns that don't take an s."""
    return f"{count:,} {noun if count == 1 else several or f'{noun}s'}"
