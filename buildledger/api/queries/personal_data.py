"""Names, addresses and commit messages, looked up in the vault by the ids that facts hold."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple
from uuid import UUID

import msgspec
import sqlalchemy as sa

from buildledger.api.models.scalars import Actor, Person
from buildledger.events.ids import claim_id
from buildledger.ledger.vault import Vault
from buildledger.projections.people import claim as claim_table
from buildledger.projections.reading import Reading
from buildledger.projections.row_buffers import chunks
from buildledger.sources.change_texts import ChangeTexts

USER = "user:"
ADMIN_KIND, ADMIN_NAME = "local", "admin"


def admin_actor(vault: Vault) -> str:
    """The actor in facts of whoever uses the local admin token."""
    return f"{USER}{claim_id(vault.installation_key, ADMIN_KIND, '', ADMIN_NAME)}"


class _Claim(NamedTuple):
    """Where the words of a claim are, and their digest."""

    kind: str
    words_id: UUID
    words_digest: str


class PersonalDataResolver:
    """Looks up the personal data of one answer in few queries: `load` all that is needed, then ask for each.

    What has been erased from the vault, or isn't what the facts say that was put there, comes back as None.
    """

    def __init__(self, vault: Vault, people: Reading) -> None:
        self._vault = vault
        self._people = people
        self._admin = admin_actor(vault)
        self._claims: dict[UUID, _Claim] = {}
        self._texts: dict[UUID, str] = {}
        self._altered: set[UUID] = set()

    def load(
        self, *, claims: Iterable[UUID] = (), actors: Iterable[str] = (), texts: Mapping[UUID, str] | None = None
    ) -> None:
        """Read the texts of these claims, of the persons among these actors, and of these ids with their digests."""
        wanted = {*claims, *(key for actor in actors if (key := _claim_of(actor)) is not None)} - self._claims.keys()
        if wanted:
            self._load_claims(wanted)
        keys = {claim.words_id: claim.words_digest for claim in self._claims.values()} | dict(texts or {})
        unread = {key: digest for key, digest in keys.items() if key not in self._texts}
        if unread:
            kept = self._vault.get_many(unread)
            self._texts.update(kept.texts)
            self._altered.update(kept.altered)

    def _load_claims(self, wanted: Collection[UUID]) -> None:
        claim = self._people.table(claim_table)
        columns = sa.select(claim.c.id, claim.c.kind, claim.c.words_id, claim.c.words_digest)
        for chunk in chunks(wanted):
            for row in self._people.all(columns.where(claim.c.id.in_(chunk))):
                self._claims[row.id] = _Claim(row.kind, row.words_id, row.words_digest)

    def is_altered(self, words_id: UUID) -> bool:
        """Whether a loaded text isn't the one that was recorded, and so isn't shown."""
        return words_id in self._altered

    def change(self, words_id: UUID) -> ChangeTexts | None:
        """The message and the people of a commit as they were written; None if they are erased or altered."""
        text = self._texts.get(words_id)
        if text is None:
            return None
        try:
            return ChangeTexts.from_text(text)
        except (msgspec.ValidationError, msgspec.DecodeError):
            return ChangeTexts(message=text, author="", committer="")

    def person(self, key: UUID) -> Person:
        """The person of a loaded claim."""
        known = self._claims.get(key)
        if known is None:
            return Person(claim_id=key, kind="", text=None, name=None, erased=False, altered=False)
        text, altered = printable(self._texts.get(known.words_id)), self.is_altered(known.words_id)
        name = None if text is None else text.partition("<")[0].strip() or text
        erased = text is None and not altered
        return Person(claim_id=key, kind=known.kind, text=text, name=name, erased=erased, altered=altered)

    def actor(self, actor: str) -> Actor:
        """An actor of facts with a label for people."""
        kind, _, name = actor.partition(":")
        match kind:
            case "user":
                return Actor(kind="user", id=actor, label=self._user_label(actor))
            case "worker" | "reactor" | "poller":
                return Actor(kind=kind, id=actor, label=name)
            case _:
                return Actor(kind="system", id=actor, label=actor)

    def _user_label(self, actor: str) -> str:
        if actor == self._admin:
            return ADMIN_NAME
        key = _claim_of(actor)
        person = None if key is None else self.person(key)
        return (person.name if person is not None else None) or "somebody"


def _claim_of(actor: str) -> UUID | None:
    if not actor.startswith(USER):
        return None
    try:
        return UUID(actor.removeprefix(USER))
    except ValueError:
        return None


def printable(text: str | None) -> str | None:
    """Text that UTF-8 can carry: lone surrogates, which stand for bytes of no known encoding, are replaced."""
    return None if text is None else text.encode("utf-8", "replace").decode()
