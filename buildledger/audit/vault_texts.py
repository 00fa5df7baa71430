"""Whether every text about a person or a change that a fact names is in the vault, and is the one that was put there.

A text is sealed with a key and an id of its own, so an altered one can't be read. Whoever has the keys could seal
another: the fact holds a digest of the text, keyed with that key, and a claim's id is keyed with the claim's own words.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from uuid import UUID

import msgspec
import sqlalchemy as sa

from buildledger.audit.checks import first_line
from buildledger.audit.report import Check, Finding
from buildledger.domain.person import normalise
from buildledger.events.change import ChangeRecorded
from buildledger.events.fact import Fact, Recorded
from buildledger.events.ids import claim_id, words_id
from buildledger.events.person import ClaimRecorded
from buildledger.ledger.vault_reading import ExaminedText, VaultReader
from buildledger.sources.change_texts import ChangeTexts

BATCH_TEXTS = 500


class VaultTexts:
    """See `Inspection`."""

    check = Check.VAULT
    noun = "vault texts"
    facts: Sequence[type[Fact]] = (ClaimRecorded, ChangeRecorded)

    def __init__(self, vault: VaultReader) -> None:
        self._vault = vault
        self._waiting: list[Recorded] = []
        self._key: bytes | None = None
        self._key_known = False
        self.count = 0

    def see(self, seen: Recorded) -> Iterator[Finding]:
        """See `Inspection`."""
        self._waiting.append(seen)
        if len(self._waiting) == BATCH_TEXTS:
            yield from self._look()

    def close(self) -> Iterator[Finding]:
        """See `Inspection`."""
        yield from self._look()
        self._vault.close()

    def _look(self) -> Iterator[Finding]:
        waiting, self._waiting = self._waiting, []
        if not waiting:
            return
        try:
            examined = self._vault.examine([_words_of(seen.fact) for seen in waiting])
            if not self._key_known:
                self._key, self._key_known = self._vault.installation_key(), True
                if self._key is None:
                    yield _of(waiting[0], "the installation's key is missing or altered: no claim can be recognised")
        except (sa.exc.SQLAlchemyError, ValueError, TypeError) as error:
            examined = {}
            yield _of(waiting[0], f"the vault can't be read: {first_line(error)}", waiting[-1].position)
            return
        for seen in waiting:
            self.count += 1
            problem = self._problem(seen, examined[_words_of(seen.fact)])
            if problem:
                yield _of(seen, problem)

    def _problem(self, seen: Recorded, examined: ExaminedText) -> str:
        if examined.text is None:
            return examined.problem
        fact = seen.fact
        assert isinstance(fact, ClaimRecorded | ChangeRecorded)
        if fact.words_digest not in ("", examined.digest):
            return "it is another text, or has another key, than when the fact was recorded"
        match fact:
            case ClaimRecorded(kind=kind, namespace=namespace) if self._key is not None:
                value = normalise(kind, examined.text)
                if claim_id(self._key, kind, namespace, value) != seen.stream_id:
                    return "it is another text than the one that the claim was made of"
            case ChangeRecorded(words_id=kept):
                try:
                    ChangeTexts.from_text(examined.text)
                except (msgspec.DecodeError, UnicodeEncodeError) as error:
                    return f"it isn't what is kept about a change: {error}"
                if self._key is not None and words_id(self._key, "change", seen.stream_id) != kept:
                    return "the installation's key is another one than it was"
        return ""


def _words_of(fact: Fact) -> UUID:
    assert isinstance(fact, ClaimRecorded | ChangeRecorded)
    return fact.words_id


def _of(seen: Recorded, detail: str, last: int | None = None) -> Finding:
    match seen.fact:
        case ChangeRecorded(source=source, revision=revision):
            subject = f"text of change {revision[:12]} of source {source}"
            affects = "its message, author and committer can't be shown"
        case fact:
            subject = f"name or address of claim {seen.stream_id}"
            affects = f"people who are known by it ({getattr(fact, 'kind', '?')}) have no name"
    return Finding(
        check=Check.VAULT,
        position=seen.position,
        last=seen.position if last is None else last,
        subject=subject,
        detail=detail,
        affects=affects,
    )
