"""Facts about the files in which repositories say themselves what is built of them."""

from __future__ import annotations

from typing import ClassVar, Literal

import msgspec

from buildledger.events.fact import Fact


class PipelineDefined(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """A pipeline that was never seen before: what any number of revisions and builds then refer to by its digest."""

    NAME: ClassVar[str] = "pipeline.defined.v1"

    source: str
    """Whose repository defines it; empty: a step of a build has generated it."""
    digest: str
    """SHA-256 of `text` in hex."""
    text: str
    """A configuration in canonical JSON that has only builders and triggers; names of secrets, never their values."""
    builder: str = ""
    """Whose step has generated it; empty: the file of a repository defines it."""


class PipelineRead(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """The file of a revision was read, and may be built by."""

    NAME: ClassVar[str] = "pipeline.read.v1"

    source: str
    revision: str
    path: str
    """Of the file, in the repository."""
    config_digest: str
    """The configuration that it was checked under."""
    file_digest: str
    """SHA-256 of the file in hex."""
    pipeline: str
    """The digest of the pipeline that it defines."""
    builders: tuple[str, ...]
    """The names of its builders, with that of the source; in a matrix, of the cells."""


class PipelineProblem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Something that is wrong with a file."""

    line: int
    """From 1; 0 when the fault is the file's as a whole."""
    column: int
    code: str
    """One of the configuration's codes."""
    message: str
    hint: str = ""
    severity: Literal["error", "warning"] = "error"


class PipelineRejected(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """The file of a revision was read, and nothing is built by it, because something is wrong with it."""

    NAME: ClassVar[str] = "pipeline.rejected.v1"

    source: str
    revision: str
    path: str
    """Of the file, in the repository."""
    config_digest: str
    """The configuration that it was checked under."""
    file_digest: str = ""
    """SHA-256 of the file in hex; empty: it is no file, or too large."""
    problems: tuple[PipelineProblem, ...]
    """In the order of the file, up to the limit; the last then says how many more there are."""


class PipelineMissing(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """A revision has no such file."""

    NAME: ClassVar[str] = "pipeline.missing.v1"

    source: str
    revision: str
    path: str
    """Where the file would be, in the repository."""
    config_digest: str
    """The configuration that says so."""


PipelineOutcome = PipelineRead | PipelineRejected | PipelineMissing
"""What came of reading the file of a revision."""
