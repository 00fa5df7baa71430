"""Why a version-control system failed, as far as what to do next depends on it."""

from __future__ import annotations

from typing import NamedTuple

from buildledger.events.change import FailureCause


class Failure(NamedTuple):
    """What the output of a failed command says."""

    cause: FailureCause
    detail: str
    """The line that tells people most, without control characters."""


class RefusedError(ValueError):
    """An address, a branch, a revision or a path that isn't given to any tool; the text says why."""
