"""Commits → words in the vault, then claims and changes in the ledger. Repeating all of it decides nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from buildledger.domain.change import RecordChange
from buildledger.domain.command import Command
from buildledger.domain.person import RecordClaim, normalise
from buildledger.domain.refusals import ConfigReplacedRefusal
from buildledger.events.change import ChangeRecorded
from buildledger.events.ids import ClaimId, change_id, claim_id, words_id
from buildledger.events.person import ClaimRecorded
from buildledger.intake.polling.source_guard import SourceGuard
from buildledger.ledger.ledger import Ledger
from buildledger.ledger.store import FactQuery
from buildledger.ledger.submission import Origin
from buildledger.ledger.vault import Vault
from buildledger.sources.change_texts import ChangeTexts
from buildledger.sources.commits import Commit, Person

BATCH_CHANGES = 200
"""Changes that are recorded in one transaction."""
CLAIMS_REMEMBERED = 50_000
"""Claims known to be recorded, so that frequent authors cost nothing; then it starts anew."""

CLAIM_KIND = "git.author"
"""Of authors, committers and co-authors alike: one person who does all three is one claim."""


class Said(NamedTuple):
    """Commits, as the vault and the ledger are told of them."""

    words: dict[UUID, str]
    claims: dict[ClaimId, RecordClaim]
    """Those that this recorder doesn't know to be recorded."""
    changes: list[RecordChange]


class Recorder:
    """Records the commits of one source, in batches, in the order they are given."""

    def __init__(
        self, ledger: Ledger, vault: Vault, *, source: str, repository: str, guard: SourceGuard | None = None
    ) -> None:
        """With a `guard` nothing is recorded that was found with settings which aren't in force any more."""
        self._ledger = ledger
        self._guard = guard
        self._vault = vault
        self._source = source
        self._repository = repository
        self._origin = Origin(actor=f"poller:{source}")
        self._claims: set[ClaimId] = set()

    async def record(self, commits: Sequence[Commit], *, branch: str, historic: bool) -> None:
        """Record commits that were first seen on `branch`. When this returns they are durable."""
        for start in range(0, len(commits), BATCH_CHANGES):
            await self._record(commits[start : start + BATCH_CHANGES], branch, historic)

    def is_known(self, revision: str) -> bool:
        """Whether a commit has been recorded, by whoever. Reads the ledger."""
        return self._recorded_by(revision) is not None

    def was_handed_in(self, revision: str) -> bool:
        """Whether somebody else than this source's poller was the first to tell of a commit. Reads the ledger."""
        return self._recorded_by(revision) not in (None, self._origin.actor)

    def _recorded_by(self, revision: str) -> str | None:
        query = FactQuery(stream_id=change_id(self._source, revision), names=(ChangeRecorded.NAME,))
        return next((recorded.meta.actor for recorded in self._ledger.select(query, 1)), None)

    async def execute(self, *commands: Command) -> None:
        """Execute other commands about the source, in the poller's name.

        Raises:
            SourceReplacedError: The source is configured otherwise by now.
        """
        while True:
            required = () if self._guard is None else await asyncio.to_thread(self._guard.require)
            try:
                await self._ledger.execute(*required, *commands, origin=self._origin)
            except ConfigReplacedRefusal:
                continue
            return

    async def _record(self, commits: Sequence[Commit], branch: str, historic: bool) -> None:
        said = self.translate(commits, branch=branch, historic=historic)
        await asyncio.to_thread(self._vault.put_many, said.words)
        await self.execute(*said.claims.values(), *said.changes)
        if len(self._claims) > CLAIMS_REMEMBERED:
            self._claims.clear()
        self._claims.update(said.claims)

    def translate(self, commits: Sequence[Commit], *, branch: str, historic: bool) -> Said:
        """What is to be kept of these commits; the words have to be durable before the commands are executed."""
        words: dict[UUID, str] = {}
        claims: dict[ClaimId, RecordClaim] = {}
        changes: list[RecordChange] = []
        for commit in commits:
            people = dict.fromkeys((commit.author, commit.committer, *commit.co_authors))
            ids = {person: self._claim(person, words, claims) for person in people}
            change_words = words_id(self._vault.installation_key, "change", change_id(self._source, commit.revision))
            words[change_words] = _words(commit).to_text()
            fact = ChangeRecorded(
                source=self._source,
                repository=self._repository,
                branch=branch,
                revision=commit.revision,
                parents=commit.parents,
                author=ids[commit.author],
                committer=ids[commit.committer],
                co_authors=tuple(dict.fromkeys(ids[person] for person in commit.co_authors)),
                committed_at=commit.committed_at,
                words_id=change_words,
                files=commit.files,
                file_count=commit.file_count,
                historic=historic,
            )
            changes.append(RecordChange(change=fact))
        return Said(words, claims, changes)

    def _claim(self, person: Person, words: dict[UUID, str], claims: dict[ClaimId, RecordClaim]) -> ClaimId:
        """The person's claim, which is recorded with this batch unless it is known."""
        claim = claim_id(self._vault.installation_key, CLAIM_KIND, "", normalise(CLAIM_KIND, person.text))
        if claim not in self._claims and claim not in claims:
            kept = words_id(self._vault.installation_key, "claim", claim)
            words[kept] = person.text
            claims[claim] = RecordClaim(claim_id=claim, claim=ClaimRecorded(kind=CLAIM_KIND, words_id=kept))
        return claim


def _words(commit: Commit) -> ChangeTexts:
    return ChangeTexts(
        message=commit.message,
        author=commit.author.text,
        committer=commit.committer.text,
        co_authors=tuple(person.text for person in commit.co_authors),
    )
