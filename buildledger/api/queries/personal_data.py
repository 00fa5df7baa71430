"""Names, addresses and commit messages, looked up in the vault by the ids that facts hold."""

from __future__ import annotations

from collections.abc import Collection, Iterable
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


class PersonalDataResolver:
    """Looks up the personal data of one answer in few queries: `load` all that is needed, then ask for each.

    What has been erased from the vault comes back as None.
    """

    def __init__(self, vault: Vault, people: Reading) -> None:
        self._vault = vault
        self._people = people
        self._admin = admin_actor(vault)
        self._claims: dict[UUID, tuple[str, UUID]] = {}
        self._texts: dict[UUID, str] = {}

    def load(self, *, claims: Iterable[UUID] = (), actors: Iterable[str] = (), texts: Iterable[UUID] = ()) -> None:
        """Read the texts of these claims, of the persons among these actors, and these texts by their own ids."""
        wanted = {*claims, *(key for actor in actors if (key := _claim_of(actor)) is not None)} - self._claims.keys()
        if wanted:
            self._load_claims(wanted)
        keys = {*texts, *(words_id for _, words_id in self._claims.values())} - self._texts.keys()
        if keys:
            self._texts.update(self._vault.get_many(keys))

    def _load_claims(self, wanted: Collection[UUID]) -> None:
        claim = self._people.table(claim_table)
        columns = sa.select(claim.c.id, claim.c.kind, claim.c.words_id)
        for chunk in chunks(wanted):
            for row in self._people.all(columns.where(claim.c.id.in_(chunk))):
                self._claims[row.id] = (row.kind, row.words_id)

    def text(self, words_id: UUID) -> str | None:
        """A loaded text; None if it has been erased."""
        return self._texts.get(words_id)

    def change(self, words_id: UUID) -> ChangeTexts | None:
        """The message and the people of a commit as they were written; None if they have been erased."""
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
            return Person(claim_id=key, kind="", text=None, name=None, erased=False)
        kind, words_id = known
        text = printable(self._texts.get(words_id))
        name = None if text is None else text.partition("<")[0].strip() or text
        return Person(claim_id=key, kind=kind, text=text, name=name, erased=text is None)

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
