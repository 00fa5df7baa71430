"""Revisions of sources that are nowhere: whatever is asked for is there, unless it is said not to be."""

from __future__ import annotations

from collections.abc import Mapping

from buildledger.config.resolved import Source
from buildledger.intake.polling.revision_finder import FoundRevision, UnknownRevisionError


class AnyRevision:
    """Takes every branch and every revision as it is said; tags and what isn't there can be put in."""

    def __init__(self) -> None:
        self.tags: dict[str, str] = {}
        self.missing: set[str] = set()

    async def find(
        self, source: Source, branch: str | None, revision: str | None, known: Mapping[str, str]
    ) -> FoundRevision:
        """See `dependencies.Revisions`."""
        for at, name in (("branch", branch), ("revision", revision)):
            if name in self.missing:
                raise UnknownRevisionError(at, f"source {source.name} has no {at} '{name}'")
        return FoundRevision(branch=branch, revision=self.tags.get(revision or "", revision))
