"""Why a version-control system failed, as far as what to do next depends on it."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Cause(StrEnum):
    """Why a source can't be read, as far as its system's output tells."""

    AUTH = "auth"
    """Who asks isn't known or not allowed: asking again won't help."""
    NOT_FOUND = "not_found"
    """The repository, branch or revision isn't there."""
    NETWORK = "network"
    """The way there is broken: later it may work."""
    CORRUPT = "corrupt"
    """The local copy is damaged or in the way: a new one may work."""
    OTHER = "other"
    """Something else; the output says what."""


class Failure(NamedTuple):
    """What the output of a failed command says."""

    cause: Cause
    detail: str
    """The line that tells people most, without control characters."""


class RefusedError(ValueError):
    """An address, a branch, a revision or a path that isn't given to any tool; the text says why."""
