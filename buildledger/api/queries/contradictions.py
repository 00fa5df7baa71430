"""Heads that workers keep and the ledger doesn't hold, as facts say it."""

from __future__ import annotations

from datetime import timedelta

from buildledger.api.http.dependencies import ApiDependencies
from buildledger.events.worker import WorkerLedgerContradicted
from buildledger.ledger.errors import StoreError
from buildledger.ledger.store import FactQuery
from buildledger.wording import plural

SHOWN_FOR = timedelta(days=7)
"""How long health speaks of one: it stays in the ledger, and a ledger that was restored on purpose is no fault."""
LOOKED_AT = 1_000


def contradiction_problems(deps: ApiDependencies, *, detailed: bool) -> list[str]:
    """One line if workers have lately come with heads that the ledger doesn't hold; without `detailed` no names."""
    query = FactQuery(names=(WorkerLedgerContradicted.NAME,), descending=True)
    try:
        found = deps.ledger.select(query, LOOKED_AT)
    except StoreError as error:
        return [f"what workers said of the ledger can't be read: {type(error).__name__}"]
    since = deps.clock.now() - SHOWN_FOR
    late = [
        (recorded, recorded.fact)
        for recorded in found
        if isinstance(recorded.fact, WorkerLedgerContradicted) and recorded.meta.recorded_at > since
    ]
    if not late:
        return []
    workers = plural(len({fact.worker for _, fact in late}), "worker")
    told = f"{workers} came with a head that the ledger doesn't hold: it was restored from a backup, or was altered"
    if not detailed:
        return [told]
    recorded, newest = late[0]
    ended = newest.ledger_position
    holds = f"it ended at {ended}" if ended < newest.head_position else "other facts are there"
    return [
        f"{told}: {newest.worker} at {recorded.meta.recorded_at:%Y-%m-%d %H:%M} UTC with one of position"
        f" {newest.head_position}, and {holds}; if it was restored, `buildledger serve --restored` lets its workers in,"
        " else see `buildledger audit verify`"
    ]
