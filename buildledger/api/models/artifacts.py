"""What builds leave behind: files, directories, and what became of their tests."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from buildledger.api.models.scalars import Cursor, Digest, Id, Moment, Position


class Artifact(msgspec.Struct, frozen=True, kw_only=True):
    """A file or a directory that the server keeps, or kept."""

    name: Annotated[str, Meta(description="The name under which the build stored it.", examples=["widget-1.0.tar.gz"])]
    kind: Annotated[Literal["file", "directory"], Meta(description="A `directory` is served as a zip.")]
    type: Annotated[str, Meta(description="By its name; never what it is served as.", examples=["application/gzip"])]
    size_bytes: Annotated[int, Meta(description="Of a directory: all its files together.")]
    file_count: Annotated[int, Meta(description="How many files it has; 1 for a file.")]
    sha256: Annotated[Digest, Meta(description="Of the file, or of the directory's manifest.")]
    operation_id: Annotated[Id, Meta(description="The upload that brought it; names it in addresses.")]
    stored_at: Annotated[Moment, Meta(description="When it was stored, in UTC.")]
    expires_at: Annotated[Moment | None, Meta(description="When it goes; null: not by its age.")]
    removed_at: Annotated[Moment | None, Meta(description="When it went; null: it is here.")]
    removed_because: Annotated[
        str | None,
        Meta(
            description="`expired`: it was too old; `quota`: room was needed; null: it is here.",
            examples=["expired"],
        ),
    ]


class ArtifactList(msgspec.Struct, frozen=True, kw_only=True):
    """The artifacts of a build, in the order in which they were stored."""

    items: Annotated[list[Artifact], Meta(description="The artifacts, also those that were removed.")]
    position: Position


class ArtifactEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One thing in a directory."""

    path: Annotated[
        str, Meta(description="Where it is in the directory, with `/` between the parts.", examples=["dist/widget.whl"])
    ]
    kind: Annotated[Literal["file", "directory", "link"], Meta(description="What it is; links aren't followed.")]
    size_bytes: Annotated[int, Meta(description="Size of a file, in bytes; 0 for anything else.")]
    executable: Annotated[bool, Meta(description="Its owner may run it.")]
    sha256: Annotated[Digest | None, Meta(description="SHA-256 of a file in hex; null for anything else.")]
    target: Annotated[str | None, Meta(description="What stands in a link.")]


class ArtifactDetail(msgspec.Struct, frozen=True, kw_only=True):
    """An artifact, and of a directory all that is in it."""

    artifact: Annotated[Artifact, Meta(description="The artifact.")]
    build_id: Annotated[Id, Meta(description="The build that stored it.")]
    entries: Annotated[list[ArtifactEntry], Meta(description="In the order of their paths' bytes.")]
    position: Position


class TestTotals(msgspec.Struct, frozen=True, kw_only=True):
    """How many tests of a build came to what. Tests that were left out are counted in none but `omitted`."""

    __test__ = False

    reports: Annotated[int, Meta(description="How many test reports were read.")]
    passed: Annotated[int, Meta(description="Tests that passed.")]
    failed: Annotated[int, Meta(description="Tests that failed.")]
    errors: Annotated[int, Meta(description="Tests that couldn't be run to their end.")]
    skipped: Annotated[int, Meta(description="Tests that were skipped.")]
    omitted: Annotated[int, Meta(description="Passed or skipped, and not recorded one by one.")]


class TestResult(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one test."""

    __test__ = False

    report: Annotated[str, Meta(description="The test report it was read from.", examples=["out/junit.xml"])]
    step: Annotated[int, Meta(description="Place of the step that read the report, from 0.")]
    suite: Annotated[
        str, Meta(description="The suite or class it belongs to; may be empty.", examples=["tests.test_widget"])
    ]
    name: Annotated[str, Meta(description="The test's name.", examples=["test_turns"])]
    status: Annotated[
        Literal["passed", "failed", "error", "skipped"], Meta(description="`error`: it couldn't be run to its end.")
    ]
    seconds: Annotated[float | None, Meta(description="How long it took, in seconds; null: the report doesn't say.")]
    message: Annotated[str, Meta(description="The beginning of what it said when it didn't pass.")]


class TestSummary(msgspec.Struct, frozen=True, kw_only=True):
    """The tests of a build in brief."""

    __test__ = False

    totals: Annotated[TestTotals, Meta(description="How all tests came out.")]
    failures: Annotated[list[TestResult], Meta(description="The first that failed.")]


class TestPage(msgspec.Struct, frozen=True, kw_only=True):
    """Tests of a build: those that failed, then those that were skipped, then those that passed."""

    __test__ = False

    items: Annotated[list[TestResult], Meta(description="The tests of this page.")]
    totals: Annotated[TestTotals, Meta(description="How all tests of the build came out, whatever is asked for.")]
    next: Cursor
    position: Position
