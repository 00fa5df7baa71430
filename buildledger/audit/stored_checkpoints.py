"""Whether what followers of the ledger remember is what they have stored."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from buildledger.audit.report import Check, Finding
from buildledger.events.fact import Fact, Recorded
from buildledger.ledger.checkpoints import AlteredCheckpointError, unsealed
from buildledger.ledger.errors import StoreError
from buildledger.ledger.store import FactStore


class StoredCheckpoints:
    """See `Inspection`."""

    check = Check.CHECKPOINTS
    noun = "checkpoints"
    facts: Sequence[type[Fact]] = ()

    def __init__(self, store: FactStore) -> None:
        self._store = store
        self.count = 0

    def see(self, seen: Recorded) -> Iterator[Finding]:
        """See `Inspection`: no fact speaks of them."""
        yield from ()

    def close(self) -> Iterator[Finding]:
        """See `Inspection`."""
        try:
            names = self._store.checkpoints()
        except StoreError as error:
            yield _finding(1, "", f"they can't be read: {error}")
            return
        head = self._store.head()
        for name in names:
            self.count += 1
            yield from self._look(name, head)

    def _look(self, name: str, head: int) -> Iterator[Finding]:
        position = 1
        try:
            stored = self._store.checkpoint(name)
            if stored is None:
                return
            position = stored.position
            unsealed(name, stored)
        except (StoreError, AlteredCheckpointError, TypeError) as error:
            yield _finding(position, f"checkpoint of {name}", str(error))
            return
        if position > head:
            yield _finding(position, f"checkpoint of {name}", f"it stands at {position}, the ledger ends at {head}")


def _finding(position: int, subject: str, detail: str) -> Finding:
    return Finding(
        check=Check.CHECKPOINTS,
        position=position,
        last=position,
        subject=subject,
        detail=detail,
        affects="the next start takes longer",
    )
