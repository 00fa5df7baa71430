"""Whether builds could wait for each other's locks for ever: checked for all builders of a file together."""

from __future__ import annotations

from collections.abc import Iterable

from buildledger.config.evaluation.lock_order import LockOrder
from buildledger.config.reading.document import Document
from buildledger.config.resolved import Builder


def check_lock_order(document: Document, builders: Iterable[Builder]) -> None:
    """Report builders whose builds may each hold the lock that the next one's step waits for.

    An error, because nothing but a builder's timeout would ever end it: a step that waits has no time limit.
    """
    cycle = LockOrder(builders).cycle()
    if not cycle:
        return
    each = [f"builds of '{name}' hold '{held}' while a step waits for '{lock}'" for held, lock, name in cycle]
    base = cycle[0][2].partition("[")[0]
    message = f"{', '.join(each[:-1])}, and {each[-1]}: they could wait for each other for ever"
    hint = "take both locks under 'locks' of the builder, where they are taken together, or always in the same order"
    document.add("lock-order", ("builders", base, "locks"), message, hint)
