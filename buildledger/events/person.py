"""Facts about the people behind changes and requests: claims only; whom they belong to is found when read."""

from __future__ import annotations

from typing import ClassVar

from buildledger.events.fact import Fact
from buildledger.events.ids import WordsId


class ClaimRecordedV1(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """A name or address was seen for the first time, when facts didn't say by a digest what stands in the vault."""

    NAME: ClassVar[str] = "person.claim_recorded.v1"

    kind: str
    """`git.author`, `email`, `local`, …"""
    namespace: str = ""
    """The realm, server or issuer that the value belongs to; empty for addresses."""
    words_id: WordsId
    """The value as it was written, in the vault."""

    def upcast(self) -> ClaimRecorded:
        """Nobody knows which text it was."""
        return ClaimRecorded(kind=self.kind, namespace=self.namespace, words_id=self.words_id, words_digest="")


class ClaimRecorded(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """A name or address was seen for the first time; on the claim's own stream."""

    NAME: ClassVar[str] = "person.claim_recorded.v2"

    kind: str
    """`git.author`, `email`, `local`, …"""
    namespace: str = ""
    """The realm, server or issuer that the value belongs to; empty for addresses."""
    words_id: WordsId
    """The value as it was written, in the vault."""
    words_digest: str
    """Of that text, keyed with the key that only the vault has, in hex; empty: not known, as it had been forgotten."""
