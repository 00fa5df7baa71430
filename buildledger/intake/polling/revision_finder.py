"""What a person means by a branch, a tag or a shortened revision: looked up before a build is asked for.

A name that stands for nothing is refused at once, with what may have been meant; else the build would fail on a worker.
The mirror answers where it can; only what it doesn't know is asked of the far end.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

from buildledger.config.resolved import Source
from buildledger.events.change import FailureCause
from buildledger.intake.polling.mirror import Mirror, SourceError, mirror_of
from buildledger.sources.failure_text import failure_text
from buildledger.sources.port import LookedUp, RemoteNames

ANSWER_SECONDS = 20.0
"""For asking the far end while a person waits for the answer."""
SIMILAR = 3
"""Names that are proposed for one that isn't there."""
BRANCH, TAG = "refs/heads/", "refs/tags/"


class UnknownRevisionError(ValueError):
    """There is no such branch or revision, or it could be several; the text says which may have been meant."""

    def __init__(self, at: str, message: str) -> None:
        super().__init__(message)
        self.at = at
        """`branch` or `revision`."""


class FoundRevision(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be built of a source."""

    branch: str | None
    """None: nobody said, so it is the default branch."""
    revision: str | None
    """Whole; None: whatever the branch holds when the build starts."""


class RevisionFinder:
    """Looks up what people say in the mirrors in a directory, and at the sources' far ends."""

    def __init__(self, mirrors: Path) -> None:
        self._mirrors = mirrors

    async def find(
        self, source: Source, branch: str | None, revision: str | None, known: Mapping[str, str]
    ) -> FoundRevision:
        """The branch and the whole revision that are meant. `known` has heads that the ledger knows, by branch.

        Raises:
            UnknownRevisionError
        """
        lookup = _Lookup(source, mirror_of(self._mirrors, source, list_seconds=ANSWER_SECONDS), known)
        found = None if revision is None else await lookup.revision(revision)
        if branch is None:
            return found or FoundRevision(branch=None, revision=None)
        name = branch.removeprefix(BRANCH)
        if name != "HEAD":
            await lookup.branch(name)
        return FoundRevision(branch=name if name != "HEAD" else None, revision=found.revision if found else None)


class _Lookup:
    """One question about one source."""

    def __init__(self, source: Source, mirror: Mirror, known: Mapping[str, str]) -> None:
        self._name = source.name
        self._mirror = mirror
        self._known = known
        self._remote: RemoteNames | None = None

    async def branch(self, name: str) -> None:
        """Make sure that there is such a branch."""
        if name in self._known or name in await self._heads():
            return
        names = await self._names("branch", f"'{name}' is no branch that is known of it")
        if name in names.branches:
            return
        hint = "; it is a tag: give it as the revision" if name in names.tags else _similar(name, names.branches)
        raise UnknownRevisionError("branch", f"source {self._name} has no branch '{name}'{hint}")

    async def revision(self, text: str) -> FoundRevision:
        """The whole revision that is meant: a whole one, a tag, a branch, or a shortened one."""
        whole = await self._whole(text)
        if whole is not None:
            return whole
        names = await self._names("revision", f"'{text}' can't be looked up")
        name = text.removeprefix(BRANCH).removeprefix(TAG)
        tag = None if text.startswith(BRANCH) else names.tags.get(name)
        branch = None if text.startswith(TAG) else names.branches.get(name)
        if tag and branch and tag != branch:
            message = f"'{text}' is a tag and a branch of source {self._name}: write {TAG}{name} or {BRANCH}{name}"
            raise UnknownRevisionError("revision", message)
        if tag:
            return FoundRevision(branch=None, revision=await self._commit(tag, text))
        if branch:
            return FoundRevision(branch=name, revision=branch)
        return await self._shortened(text, names)

    async def _whole(self, text: str) -> FoundRevision | None:
        """A whole revision, if it is one."""
        whole = self._mirror.whole_revision(text)
        return None if whole is None else FoundRevision(branch=None, revision=await self._commit(whole, whole))

    async def _commit(self, whole: str, said: str) -> str:
        """The commit that an object's whole name means; of what the mirror hasn't got the far end is asked."""
        if not self._mirror.exists:
            return whole
        found = await self._looked_up(whole)
        if found.revision is None:
            try:
                await self._mirror.fetch_revision(whole)
            except SourceError as error:
                # whoever can't be asked now may be there for the worker
                if error.cause is not FailureCause.NOT_FOUND:
                    return whole
                message = f"source {self._name} has no revision {whole} ({error.detail})"
                raise UnknownRevisionError("revision", message) from error
            found = await self._looked_up(whole)
        if found.revision is None:
            raise UnknownRevisionError("revision", f"'{said}' is in source {self._name}, but is no commit")
        return found.revision

    async def _shortened(self, text: str, names: RemoteNames) -> FoundRevision:
        revision, ambiguous = await self._looked_up(text)
        if revision is None and ambiguous:
            message = f"'{text}' is ambiguous: several revisions of source {self._name} begin so; give more of it"
            raise UnknownRevisionError("revision", message)
        if revision is None:
            hint = _similar(text, [*names.tags, *names.branches])
            message = f"source {self._name} has no tag or branch '{text}', and no known revision begins so{hint}"
            raise UnknownRevisionError("revision", message)
        return FoundRevision(branch=None, revision=revision)

    async def _names(self, at: str, otherwise: str) -> RemoteNames:
        """The far end's names; `otherwise` says what follows if it can't be asked."""
        if self._remote is None:
            try:
                self._remote = await self._mirror.remote_names()
            except SourceError as error:
                message = (
                    f"source {self._name} can't be read, and {otherwise}: {failure_text(error.cause, error.detail)}"
                )
                raise UnknownRevisionError(at, message) from error
        return self._remote

    async def _heads(self) -> Mapping[str, str]:
        if not self._mirror.exists:
            return {}
        try:
            return await self._mirror.heads()
        except SourceError:
            # a mirror that can't be read answers nothing; the far end does
            return {}

    async def _looked_up(self, text: str) -> LookedUp:
        if not self._mirror.exists:
            return LookedUp(None, ambiguous=False)
        try:
            return await self._mirror.look_up(text)
        except SourceError:
            return LookedUp(None, ambiguous=False)


def _similar(name: str, names: Iterable[str]) -> str:
    """The end of a sentence that proposes names like this one."""
    alike = difflib.get_close_matches(name, list(names), SIMILAR)
    return f"; similar: {', '.join(alike)}" if alike else ""
