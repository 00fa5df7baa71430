"""What servers say to each other: msgpack, bytes as they are, and failures by name.

The service and the client of two versions meet while an installation is updated: fields and addresses are added only.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import msgspec

from buildledger.logs.artifacts import ArtifactAlteredError, ArtifactError
from buildledger.logs.store import BadPatternError, LogAlteredError, LogDigest, LogMissingError, Pattern

SIGN_OF_LIFE = b"\n"
"""Comes before an answer that takes its time; no msgpack map or nil begins with it."""
SIGN_SECONDS = 2.0
MEDIA_TYPE = "application/msgpack"
BYTES_TYPE = "application/octet-stream"
FAILURE_STATUS = 409
"""Of everything that the store which was asked refuses."""

Question = TypeVar("Question", bound=msgspec.Struct)
Answer = TypeVar("Answer")


class CheckLog(msgspec.Struct, frozen=True, kw_only=True):
    """Asks whether a log is what its fact says."""

    said: LogDigest | None


class SearchLog(msgspec.Struct, frozen=True, kw_only=True):
    """Asks for lines that match."""

    pattern: Pattern
    limit: int
    from_line: int


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """Why there is no answer."""

    kind: str
    detail: str


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """The end of a check."""

    failure: Failure | None = None


def decoded(content: bytes, kind: type[Answer]) -> Answer:
    """An answer, without the signs of life that came before it.

    Raises:
        msgspec.MsgspecError
    """
    return msgspec.msgpack.decode(content.lstrip(SIGN_OF_LIFE) if kind is Checked else content, type=kind)


def _altered(detail: str) -> ArtifactError:
    error = ArtifactAlteredError.__new__(ArtifactAlteredError)
    error.args = (detail,)
    return error


_KINDS: dict[str, tuple[type[Exception], Callable[[str], Exception]]] = {
    "log_missing": (LogMissingError, LogMissingError),
    "log_altered": (LogAlteredError, LogAlteredError),
    "bad_pattern": (BadPatternError, BadPatternError),
    "file_missing": (FileNotFoundError, FileNotFoundError),
    "file_altered": (ArtifactAlteredError, _altered),
    "file": (ArtifactError, ArtifactError),
}
FAILURES = tuple(kind for kind, _ in _KINDS.values())


def failure_of(error: Exception) -> Failure:
    """An error of a store as it is told."""
    kind = next(name for name, (known, _) in _KINDS.items() if isinstance(error, known))
    return Failure(kind=kind, detail=str(error))


def error_of(failure: Failure) -> Exception | None:
    """The same error at the server that asked; None for one that this version doesn't know."""
    known = _KINDS.get(failure.kind)
    return None if known is None else known[1](failure.detail)
