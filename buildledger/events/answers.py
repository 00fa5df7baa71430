"""What an operation brings back beside its end: the JSON in `Ended.text`, which step programs and replays read.

Each kind has a number of its format. Texts without one are of format 1, from before there were numbers.
"""

from __future__ import annotations

from uuid import UUID

import msgspec

from buildledger.events.stored_format import StoredFormat

ANSWER_FORMAT = 1
"""Of all three kinds; raise that of a kind that changes, with an upcast below."""


class KeptArtifact(msgspec.Struct, frozen=True, kw_only=True):
    """What an upload came to."""

    sha256: str
    """Of the file, or of the directory's manifest."""
    size_bytes: int
    directory: bool = False
    file_count: int = 1
    mode: int = 0
    """Permission bits of a file; 0: not known."""
    format: int = ANSWER_FORMAT


class FoundArtifact(msgspec.Struct, frozen=True, kw_only=True):
    """An artifact that was looked for, and the build that left it."""

    build_id: UUID
    builder: str
    number: int
    artifact: str
    sha256: str
    size_bytes: int
    directory: bool
    mode: int
    pages: int = 0
    """Of a directory: how many downloads it takes."""
    format: int = ANSWER_FORMAT


class ReportTotals(msgspec.Struct, frozen=True, kw_only=True):
    """How many tests of a step's reports came to what."""

    reports: int
    passed: int
    failed: int
    errors: int
    skipped: int
    format: int = ANSWER_FORMAT


KEPT_ARTIFACT: StoredFormat[KeptArtifact] = StoredFormat("outcome of an upload", KeptArtifact, ANSWER_FORMAT, ())
FOUND_ARTIFACT: StoredFormat[FoundArtifact] = StoredFormat(
    "outcome of a search for an artifact", FoundArtifact, ANSWER_FORMAT, ()
)
REPORT_TOTALS: StoredFormat[ReportTotals] = StoredFormat("outcome of reading reports", ReportTotals, ANSWER_FORMAT, ())


def answer_text(answer: KeptArtifact | FoundArtifact | ReportTotals) -> str:
    """What stands in `Ended.text`: JSON with the number of its format."""
    return msgspec.json.encode(answer).decode()
