"""Facts about commits, and about the branches they stand on."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import ClassVar

import msgspec

from buildledger.events.fact import Fact
from buildledger.events.ids import ChangeId, ClaimId, WordsId


class FileChange(msgspec.Struct, frozen=True, omit_defaults=True):
    """One path that a change touched."""

    path: str
    """Relative to the repository, `/`-separated; bytes that aren't UTF-8 stand as `\\xNN`."""
    kind: str = "modified"
    """`added`, `modified`, `deleted` or `renamed`."""


class ChangeRecordedV1(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """A commit was seen for the first time, when facts didn't say by a digest what stands in the vault."""

    NAME: ClassVar[str] = "change.recorded.v1"

    source: str
    """By its configured name."""
    repository: str
    """Its address when the change was seen."""
    branch: str
    """The branch on which it was first seen."""
    revision: str
    """In the words of the version-control system; for git a whole commit id."""
    parents: tuple[str, ...]
    """Revisions, first parent first; empty for a root commit."""
    author: ClaimId
    """Who wrote it."""
    committer: ClaimId
    """Who brought it in."""
    co_authors: tuple[ClaimId, ...] = ()
    """Who else wrote it, by the trailers of its message."""
    committed_at: datetime
    """By the committer's clock; aware UTC."""
    words_id: WordsId
    """The commit message and the names and addresses, in the vault."""
    files: tuple[FileChange, ...] = ()
    file_count: int
    """How many files it touched; more than `files` holds when the limit of stored paths was reached."""
    link: str | None = None
    """Where people can look at it; None: not known."""
    historic: bool = False
    """Known for the commit graph only (it was there before the source was configured); triggers ignore it."""

    def upcast(self) -> ChangeRecorded:
        """Nobody knows which text it was."""
        return ChangeRecorded(**msgspec.structs.asdict(self), words_digest="")


class ChangeRecorded(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """A commit was seen in a source for the first time."""

    NAME: ClassVar[str] = "change.recorded.v2"

    source: str
    """By its configured name."""
    repository: str
    """Its address when the change was seen."""
    branch: str
    """The branch on which it was first seen."""
    revision: str
    """In the words of the version-control system; for git a whole commit id."""
    parents: tuple[str, ...]
    """Revisions, first parent first; empty for a root commit."""
    author: ClaimId
    """Who wrote it."""
    committer: ClaimId
    """Who brought it in."""
    co_authors: tuple[ClaimId, ...] = ()
    """Who else wrote it, by the trailers of its message."""
    committed_at: datetime
    """By the committer's clock; aware UTC."""
    words_id: WordsId
    """The commit message and the names and addresses, in the vault."""
    words_digest: str
    """Of that text, keyed with the key that only the vault has, in hex; empty: not known, as it had been forgotten."""
    files: tuple[FileChange, ...] = ()
    file_count: int
    """How many files it touched; more than `files` holds when the limit of stored paths was reached."""
    link: str | None = None
    """Where people can look at it; None: not known."""
    historic: bool = False
    """Known for the commit graph only (it was there before the source was configured); triggers ignore it."""


class BranchMoved(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """A branch of a source points to another revision than before; on the source's stream."""

    NAME: ClassVar[str] = "source.branch_moved.v1"

    source: str
    """By its configured name."""
    branch: str
    """Its name without `refs/heads/`."""
    previous: str | None = None
    """None when the branch is seen for the first time."""
    revision: str | None
    """None when the branch is gone."""
    forced: bool = False
    """The previous revision is not an ancestor of the new one."""
    changes: tuple[ChangeId, ...] = ()
    """What is new on this branch, oldest first, up to the poller's limit."""
    change_count: int = 0
    """How many commits are new on it, also beyond that limit."""
    initial: bool = False
    """First sight of the whole source: nothing to build unless a trigger asks for it."""


class DefaultBranchChanged(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """A source says which of its branches is meant when nobody names one; recorded when it differs from before."""

    NAME: ClassVar[str] = "source.default_branch_changed.v1"

    source: str
    """By its configured name."""
    branch: str | None
    """Its name without `refs/heads/`; None: the source names none any more."""
    previous: str | None = None
    """What it was before; None: not known."""


class FailureCause(StrEnum):
    """Why a source can't be read, as far as its system's output tells: all that this version says. `docs/errors.md`
    explains each."""

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


class SourceFailed(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """A source could not be read; recorded once for each outage, not for each attempt."""

    NAME: ClassVar[str] = "source.failed.v1"

    source: str
    """By its configured name."""
    cause: str
    """One of `FailureCause`; text, so that what another version has recorded can be read."""
    detail: str
    """What the version-control system said, for people."""


class SourceRecovered(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """A source that had failed was read again."""

    NAME: ClassVar[str] = "source.recovered.v1"

    source: str
    """By its configured name."""
