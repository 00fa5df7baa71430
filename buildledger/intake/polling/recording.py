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
from buildledger.events.catalogue import stored_names
from buildledger.events.change import ChangeRecorded
from buildledger.events.ids import ClaimId, WordsId, change_id, claim_id, words_id
from buildledger.events.person import ClaimRecorded
from buildledger.intake.polling.source_guard import SourceGuard
from buildledger.ledger.ledger import Ledger
from buildledger.ledger.store import FactQuery
from buildledger.ledger.submission import Origin
from buildledger.ledger.vault import Vault
from buildledger.sources.change_texts import ChangeTexts
from buildledger.sources.commits import Commit

BATCH_CHANGES = 200
"""Changes that are recorded in one transaction."""
CLAIMS_REMEMBERED = 50_000
"""Claims known to be recorded, so that frequent authors cost nothing; then it starts anew."""

CLAIM_KIND = "git.author"
"""Of authors, committers and co-authors alike: one person who does all three is one claim."""


class PreparedCommits(NamedTuple):
    """Commits, as the ledger is told of them."""

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
        self.origin = Origin(actor=f"poller:{source}")
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
        return self._recorded_by(revision) not in (None, self.origin.actor)

    def _recorded_by(self, revision: str) -> str | None:
        query = FactQuery(stream_id=change_id(self._source, revision), names=stored_names(ChangeRecorded))
        return next((recorded.meta.actor for recorded in self._ledger.select(query, 1)), None)

    async def execute(self, *commands: Command) -> None:
        """Execute other commands about the source, in the poller's name.

        Raises:
            SourceReplacedError: The source is configured otherwise by now.
        """
        while True:
            required = () if self._guard is None else await asyncio.to_thread(self._guard.require)
            try:
                await self._ledger.execute(*required, *commands, origin=self.origin)
            except ConfigReplacedRefusal:
                continue
            return

    async def _record(self, commits: Sequence[Commit], branch: str, historic: bool) -> None:
        said = await asyncio.to_thread(self.prepare, commits, branch=branch, historic=historic)
        await self.execute(*said.claims.values(), *said.changes)
        if len(self._claims) > CLAIMS_REMEMBERED:
            self._claims.clear()
        self._claims.update(said.claims)

    def prepare(self, commits: Sequence[Commit], *, branch: str, historic: bool) -> PreparedCommits:
        """Put what people wrote into the vault, and give the commands that record the commits. Blocks.

        Raises:
            LedgerUnavailable: The vault can't be written.
            ValueError: A text is too long to be kept.
        """
        key = self._vault.installation_key
        people = {
            person: claim_id(key, CLAIM_KIND, "", normalise(CLAIM_KIND, person.text))
            for commit in commits
            for person in (commit.author, commit.committer, *commit.co_authors)
        }
        claimed: dict[ClaimId, tuple[WordsId, str]] = {}
        for person, claim in people.items():
            if claim not in self._claims:
                claimed.setdefault(claim, (words_id(key, "claim", claim), person.text))
        told = [words_id(key, "change", change_id(self._source, commit.revision)) for commit in commits]
        words: dict[UUID, str] = dict(claimed.values())
        words.update((kept, _words(commit).to_text()) for kept, commit in zip(told, commits, strict=True))
        digests = self._vault.put_many(words)
        claims = {
            claim: ClaimRecorded(kind=CLAIM_KIND, words_id=kept, words_digest=digests.get(kept, ""))
            for claim, (kept, _) in claimed.items()
        }
        changes = [
            ChangeRecorded(
                source=self._source,
                repository=self._repository,
                branch=branch,
                revision=commit.revision,
                parents=commit.parents,
                author=people[commit.author],
                committer=people[commit.committer],
                co_authors=tuple(dict.fromkeys(people[person] for person in commit.co_authors)),
                committed_at=commit.committed_at,
                words_id=kept,
                words_digest=digests.get(kept, ""),
                files=commit.files,
                file_count=commit.file_count,
                historic=historic,
            )
            for kept, commit in zip(told, commits, strict=True)
        ]
        return PreparedCommits(
            {claim: RecordClaim(claim_id=claim, claim=fact) for claim, fact in claims.items()},
            [RecordChange(change=fact) for fact in changes],
        )


def _words(commit: Commit) -> ChangeTexts:
    return ChangeTexts(
        message=commit.message,
        author=commit.author.text,
        committer=commit.committer.text,
        co_authors=tuple(person.text for person in commit.co_authors),
    )
