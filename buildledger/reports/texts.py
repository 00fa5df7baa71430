"""Texts of a report as facts hold them."""

from __future__ import annotations

import unicodedata

from buildledger.reports import limits

_KEPT_CONTROLS = "\n\t"


def name(text: str | None) -> str:
    """A name on one line, cut to its length."""
    return _cut(" ".join(_clean(text or "").split()), limits.NAME_CHARACTERS)


def message(*texts: str | None) -> str:
    """What was said, in paragraphs; what is repeated at the beginning of the next stands once."""
    parts: list[str] = []
    for text in texts:
        # Only so much is looked at: a report can hold megabytes for one test.
        plain = _clean((text or "")[: 4 * limits.MESSAGE_CHARACTERS]).strip()
        if plain and not any(plain in part for part in parts):
            parts = [part for part in parts if part not in plain]
            parts.append(plain)
    return _cut("\n".join(parts), limits.MESSAGE_CHARACTERS)


def _clean(text: str) -> str:
    """Without what a terminal would obey and a database wouldn't take."""
    if text.isprintable():
        return text
    return "".join(
        character
        for character in text
        if character in _KEPT_CONTROLS or unicodedata.category(character) not in ("Cc", "Cs")
    )


def _cut(text: str, characters: int) -> str:
    return text if len(text) <= characters else f"{text[: characters - 1]}…"
