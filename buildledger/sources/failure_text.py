"""Why a source can't be read, for people; the cause itself stays beside the words, as the page of errors lists it."""

from __future__ import annotations

from collections.abc import Mapping

from buildledger.events.change import FailureCause

_WORDS: Mapping[str, str] = {
    FailureCause.AUTH: "access is refused",
    FailureCause.NOT_FOUND: "it is not there",
    FailureCause.NETWORK: "it can't be reached",
    FailureCause.CORRUPT: "the server's copy of it is damaged",
    FailureCause.OTHER: "its version-control system failed",
}


def failure_text(cause: str, detail: str) -> str:
    """`it is not there (not_found): …`; a cause that another version has recorded stands for itself."""
    words = _WORDS.get(cause)
    said = cause if words is None else f"{words} ({cause})"
    return f"{said}: {detail}" if detail else said
