"""The results of steps, builds and requests: Buildbot's seven, by name."""

from __future__ import annotations

from enum import StrEnum


class Result(StrEnum):
    """How a step, a build or a request ended."""

    SUCCESS = "success"
    WARNINGS = "warnings"
    FAILURE = "failure"
    SKIPPED = "skipped"
    EXCEPTION = "exception"
    """The step could not be run as meant; the code under test is not to blame."""
    RETRY = "retry"
    """Infrastructure was lost; the request goes back to the queue."""
    CANCELLED = "cancelled"
