"""What builds leave behind: files, directories, and what became of their tests."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from buildledger.api.models.scalars import Cursor, Digest, Id, Moment, Position


class Artifact(msgspec.Struct, frozen=True, kw_only=True):
    """A file or a directory that the server keeps, or kept."""

    name: Annotated[str, Meta(examples=["widget-1.0.tar.gz"])]
    kind: Literal["file", "directory"]
    type: Annotated[str, Meta(description="By its name; never what it is served as.", examples=["application/gzip"])]
    size_bytes: Annotated[int, Meta(description="Of a directory: all its files together.")]
    file_count: int
    sha256: Annotated[Digest, Meta(description="Of the file, or of the directory's manifest.")]
    operation_id: Annotated[Id, Meta(description="The upload that brought it; names it in addresses.")]
    stored_at: Moment
    expires_at: Annotated[Moment | None, Meta(description="When it goes; null: not by its age.")]
    removed_at: Annotated[Moment | None, Meta(description="When it went; null: it is here.")]
    removed_because: Annotated[str | None, Meta(examples=["expired"])]


class ArtifactList(msgspec.Struct, frozen=True, kw_only=True):
    """The artifacts of a build, in the order in which they were stored."""

    items: list[Artifact]
    position: Position


class ArtifactEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One thing in a directory."""

    path: Annotated[str, Meta(examples=["dist/widget.whl"])]
    kind: Literal["file", "directory", "link"]
    size_bytes: int
    executable: bool
    sha256: Digest | None
    target: Annotated[str | None, Meta(description="What stands in a link.")]


class ArtifactDetail(msgspec.Struct, frozen=True, kw_only=True):
    """An artifact, and of a directory all that is in it."""

    artifact: Artifact
    build_id: Id
    entries: Annotated[list[ArtifactEntry], Meta(description="In the order of their paths' bytes.")]
    position: Position


class TestTotals(msgspec.Struct, frozen=True, kw_only=True):
    """How many tests of a build came to what. Tests that were left out are counted in none but `omitted`."""

    __test__ = False

    reports: int
    passed: int
    failed: int
    errors: int
    skipped: int
    omitted: Annotated[int, Meta(description="Passed or skipped, and not recorded one by one.")]


class TestResult(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one test."""

    __test__ = False

    report: Annotated[str, Meta(examples=["out/junit.xml"])]
    step: int
    suite: Annotated[str, Meta(examples=["tests.test_widget"])]
    name: Annotated[str, Meta(examples=["test_turns"])]
    status: Literal["passed", "failed", "error", "skipped"]
    seconds: float | None
    message: Annotated[str, Meta(description="The beginning of what it said when it didn't pass.")]


class TestSummary(msgspec.Struct, frozen=True, kw_only=True):
    """The tests of a build in brief."""

    __test__ = False

    totals: TestTotals
    failures: Annotated[list[TestResult], Meta(description="The first that failed.")]


class TestPage(msgspec.Struct, frozen=True, kw_only=True):
    """Tests of a build: those that failed, then those that were skipped, then those that passed."""

    __test__ = False

    items: list[TestResult]
    totals: TestTotals
    next: Cursor
    position: Position
