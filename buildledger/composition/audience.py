"""Who is told what a server does, while it does it: the command line, for whoever started it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

from buildledger.domain import build_rules
from buildledger.events.build import BuildAssigned
from buildledger.events.catalogue import stored_names
from buildledger.events.fact import Recorded
from buildledger.ledger.errors import StoreError
from buildledger.ledger.ledger import Ledger
from buildledger.ledger.store import FactQuery

RETRY_SECONDS = 1.0
"""Between two tries when the ledger can't be read."""
LAST_BUILDS = 50
"""Of earlier builds so many are looked at, the last: those that a former server left running are told of."""


class Audience(Protocol):
    """Told on the event loop; whatever a method raises ends the server."""

    @property
    def follows_builds(self) -> bool:
        """Whether `happened` is to be called."""
        ...

    def serves(self, url: str, worker_address: str) -> None:
        """The server answers; `url` is empty where it has no API."""
        ...

    def happened(self, recorded: Recorded) -> None:
        """A fact is in the ledger. Before those that are new come the assignments of builds that go on."""
        ...

    def stopped(self, verifier: str, note: str) -> None:
        """It has ended in good order, and this is its last tree head."""
        ...


async def tell(ledger: Ledger, after: int, happened: Callable[[Recorded], None]) -> None:
    """Tell of all facts after a position, for ever; where the database is away, as soon as it is back."""
    position, going_on = after, True
    while True:
        try:
            if going_on:
                for recorded in await asyncio.to_thread(_open_builds, ledger, after):
                    happened(recorded)
                going_on = False
            async for batch in ledger.tail().after(position):
                for recorded in batch:
                    happened(recorded)
                position = batch[-1].position
            return
        except StoreError:
            await asyncio.sleep(RETRY_SECONDS)


def _open_builds(ledger: Ledger, last: int) -> list[Recorded]:
    """The assignments up to a position whose builds haven't ended; the oldest first."""
    query = FactQuery(last=last, names=stored_names(BuildAssigned), descending=True)
    assigned = ledger.select(query, LAST_BUILDS)
    return [each for each in reversed(assigned) if ledger.load(build_rules.AGGREGATE, each.stream_id)[0].result is None]
