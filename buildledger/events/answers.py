"""What an operation brings back beside its end: the JSON in `Ended.text`, which step programs and replays read.

Each kind has a number of its format, which stands in the text. Texts without one are of format 1, from before there
were numbers. Whoever changes a shape raises its number, adds an upcast to what reads it (at the end), and records a
golden text (`python -m tests.golden.stored.record`).
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec

from buildledger.events.pipeline import PipelineProblem
from buildledger.events.stored_format import StoredFormat

KEPT_ARTIFACT_FORMAT = 2
FOUND_ARTIFACT_FORMAT = 1
REPORT_TOTALS_FORMAT = 1
GENERATED_FORMAT = 1


EXPOSED_MAX = 10
"""Pairs of a file and a secret that a text names; of more it has the number."""


class ExposedSecret(msgspec.Struct, frozen=True, kw_only=True):
    """A file of an artifact that holds a secret."""

    path: str
    """In the directory; of a single file the artifact's name."""
    secret: str
    """By name."""


class KeptArtifact(msgspec.Struct, frozen=True, kw_only=True):
    """What an upload came to."""

    sha256: str
    """Of the file, or of the directory's manifest."""
    size_bytes: int
    directory: bool = False
    file_count: int = 1
    mode: int = 0
    """Permission bits of a file; 0: not known."""
    exposed: tuple[ExposedSecret, ...] = ()
    """The first secrets of the build that were found in it, which is kept as it came."""
    exposed_count: int = 0
    """How many were found in all, counted by file and secret."""
    format: int = KEPT_ARTIFACT_FORMAT


class FoundArtifact(msgspec.Struct, frozen=True, kw_only=True):
    """An artifact that was looked for, and the build that left it."""

    builder: str
    number: int
    """Of the build."""
    sha256: str
    """Of the file, or of the directory's manifest."""
    size_bytes: int
    directory: bool
    mode: int
    """Permission bits of a file; 0: not known."""
    pages: int
    """Of a directory: how many downloads it takes; 0 for a file."""
    build_id: UUID | None = None
    """No step reads it, so a text without it is as good."""
    artifact: str = ""
    """Its name; no step reads it here."""
    format: int = FOUND_ARTIFACT_FORMAT


class ReportTotals(msgspec.Struct, frozen=True, kw_only=True):
    """How many tests of a step's reports came to what."""

    reports: int
    passed: int
    failed: int
    errors: int
    skipped: int
    format: int = REPORT_TOTALS_FORMAT


class Generated(msgspec.Struct, frozen=True, kw_only=True):
    """What a step has generated."""

    pipeline: str
    """The digest of the pipeline that has the builders; empty: nothing is built, because something is wrong with it."""
    builders: tuple[str, ...]
    """Their names everywhere; in a matrix, of the cells."""
    problems: tuple[PipelineProblem, ...] = ()
    """In the order of the text, up to the limit; the last then says how many more there are."""
    format: int = GENERATED_FORMAT


def _without_exposed(former: dict[str, Any]) -> dict[str, Any]:
    """Nobody looked for secrets: nothing is said of them, as where none were found."""
    return former


KEPT_ARTIFACT: StoredFormat[KeptArtifact] = StoredFormat(
    "outcome of an upload", msgspec.json.Decoder(KeptArtifact).decode, KEPT_ARTIFACT_FORMAT, upcasts=(_without_exposed,)
)
FOUND_ARTIFACT: StoredFormat[FoundArtifact] = StoredFormat(
    "outcome of a search for an artifact", msgspec.json.Decoder(FoundArtifact).decode, FOUND_ARTIFACT_FORMAT, upcasts=()
)
REPORT_TOTALS: StoredFormat[ReportTotals] = StoredFormat(
    "outcome of reading reports", msgspec.json.Decoder(ReportTotals).decode, REPORT_TOTALS_FORMAT, upcasts=()
)
GENERATED: StoredFormat[Generated] = StoredFormat(
    "what a step generated", msgspec.json.Decoder(Generated).decode, GENERATED_FORMAT, upcasts=()
)


def answer_text(answer: KeptArtifact | FoundArtifact | ReportTotals | Generated) -> str:
    """What stands in `Ended.text`: JSON with the number of its format."""
    return msgspec.json.encode(answer).decode()
