"""What is said of one word of another system: what it is here, and what to write."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

Snippet = Callable[[Any, str], str | None]
"""What to write, of what the user wrote and the name of the entry that it stands in; None: the word isn't meant so."""


class Word(NamedTuple):
    """What is said of a word of another system."""

    says: str
    """What stands in its place here; it ends the sentence, unless there is something to write."""
    write: str | Snippet = ""
    """What to write there: YAML of this format."""
    otherwise: str = ""
    """What is said of a value that there is nothing to write for; without it the word isn't meant so."""
    where: str = ""
    """The place it belongs to, by its name in `tables.py`; empty: where the word was written."""

    def sentence(self, value: Any, owner: str) -> str | None:
        """The whole answer to a user who wrote `value`; None if this is not what was meant."""
        if not self.write:
            return self.says
        snippet = self.write if isinstance(self.write, str) else self.write(value, owner)
        return f"{self.says} '{snippet}'" if snippet is not None else self.otherwise or None


Table = Mapping[str, Word]
"""By the word as it is written."""


def table(*rows: tuple[str, Word]) -> Table:
    """A table of words; each row has all the words that mean the same, with spaces between."""
    return {word: meaning for words, meaning in rows for word in words.split()}
