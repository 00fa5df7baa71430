"""All words of other systems, by the place in a file of ours where somebody writes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from buildledger.config.foreign.builder_words import BUILDER_WORDS
from buildledger.config.foreign.file_words import FILE_WORDS
from buildledger.config.foreign.other_words import (
    INPUT_WORDS,
    LOCK_WORDS,
    MATRIX_WORDS,
    RETRY_WORDS,
    SERVER_WORDS,
    SOURCE_WORDS,
    WORKER_WORDS,
)
from buildledger.config.foreign.step_words import STEP_WORDS
from buildledger.config.foreign.trigger_words import TRIGGER_KINDS, TRIGGER_WORDS
from buildledger.config.foreign.word import Table

WORDS: Mapping[str, Table] = {
    "builder": BUILDER_WORDS,
    "file": FILE_WORDS,
    "input": INPUT_WORDS,
    "lock": LOCK_WORDS,
    "matrix": MATRIX_WORDS,
    "retry": RETRY_WORDS,
    "server": SERVER_WORDS,
    "source": SOURCE_WORDS,
    "step": STEP_WORDS,
    "trigger": TRIGGER_WORDS,
    "trigger kind": TRIGGER_KINDS,
    "worker": WORKER_WORDS,
}
"""By the place where the word is written."""
ANY_WORD = "*"
"""Stands in a table for all words that it doesn't have; the value is a mapping of the word to its own."""


def instead_of(place: str, word: str, value: Any = None, owner: str = "") -> str | None:
    """What to write instead of another system's word at a place; None if the word is nobody's.

    `value` is what stands with it, `owner` the name of the builder or the like that it stands in.
    """
    found = WORDS.get(place, {}).get(word)
    return found.sentence(value, owner) if found else None
