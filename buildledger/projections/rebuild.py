"""Building a view anew from the first fact, beside the one in use, and putting it in its place."""

from __future__ import annotations

from collections.abc import Callable

from buildledger.events.fact import Recorded
from buildledger.ledger.ledger import Ledger
from buildledger.ledger.skipping import is_passing, skip
from buildledger.ledger.submission import Origin
from buildledger.projections.feed import apply_one_by_one
from buildledger.projections.projection import Projection
from buildledger.projections.storage import ViewStorage
from buildledger.projections.view import View

BATCH_FACTS = 5_000


def rebuild(
    ledger: Ledger,
    storage: ViewStorage,
    projection: Projection,
    *,
    progress: Callable[[int, int], None] = lambda position, head: None,
) -> View:
    """Build the projection's next generation up to the ledger's head, then let it be the one in use.

    A server that runs meanwhile goes on with the former one and changes over by itself; the former is deleted at the
    next start. A fact that the projection can't hold is set aside. If anything else fails, the next generation is
    deleted and the former stays. `progress` is told the position
    and the head. The view is open when it is returned.
    """
    generation = max((storage.current(projection), *storage.generations(projection))) + 1
    view = storage.open(projection, generation)
    careful_until = 0

    def set_aside(fact: Recorded, error: Exception) -> None:
        if (command := skip(projection.NAME, projection.VERSION, fact, error)) is not None:
            ledger.execute_blocking(command, origin=Origin(actor="system"))

    try:
        while (position := view.position()) < (head := ledger.head()):
            progress(position, head)
            facts = ledger.read(position, BATCH_FACTS)
            if facts[0].position <= careful_until:
                apply_one_by_one(view, facts, set_aside)
                continue
            try:
                view.apply(position, facts)
            except Exception as error:
                if is_passing(error):
                    raise
                careful_until = facts[-1].position
                view.recover()
        view.save_position()
        storage.use(projection, generation)
    except BaseException:
        view.close()
        storage.drop(projection, generation)
        raise
    progress(view.position(), head)
    return view
