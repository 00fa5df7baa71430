"""A command that is given again is decided once."""

from __future__ import annotations

import asyncio

import pytest

from buildledger.domain import worker_rules
from buildledger.domain.refusals import NotFoundRefusal
from buildledger.events.ids import worker_id
from buildledger.ledger.errors import CommandIdReusedRefusal
from buildledger.ledger.ledger import Ledger
from tests.ledger.samples import CLOCK, SYSTEM, finish_log, open_log, origin, pause, resume


async def test_a_repeated_command_gets_the_first_answer(ledger: Ledger, database_url: str) -> None:
    """From the same batch, later, and after a restart; however the world has changed since."""
    once = origin()
    together = await asyncio.gather(*[ledger.execute(pause("w"), origin=once) for _ in range(5)])
    assert [(r.positions, r.duplicate) for r in together] == [(range(1, 2), n > 0) for n in range(5)]
    await ledger.execute(resume("w"), origin=SYSTEM)
    again = await ledger.execute(pause("w"), origin=once)
    assert (again.position, again.positions, again.duplicate) == (1, range(1, 2), True)
    other = Ledger.open(database_url, clock=CLOCK)
    assert (await other.execute(pause("w"), origin=once)).duplicate
    other.close()
    assert ledger.head() == 2


async def test_a_repeated_command_that_decided_nothing_still_decides_nothing(ledger: Ledger) -> None:
    """The first answer is the answer."""
    once = origin()
    await ledger.execute(resume("w"), origin=once)
    await ledger.execute(pause("w"), origin=SYSTEM)
    again = await ledger.execute(resume("w"), origin=once)
    assert (again.duplicate, len(again.positions)) == (True, 0)
    assert ledger.load(worker_rules.AGGREGATE, worker_id("w"))[0].paused


async def test_a_refused_command_may_be_tried_again(ledger: Ledger) -> None:
    """With the same id, when its time has come; also within one batch."""
    once = origin()
    with pytest.raises(NotFoundRefusal):
        await ledger.execute(finish_log("a"), origin=once)
    calls = [
        ledger.execute(finish_log("a"), origin=once),
        ledger.execute(open_log("a"), origin=SYSTEM),
        ledger.execute(finish_log("a"), origin=once),
    ]
    refused, _, kept = await asyncio.gather(*calls, return_exceptions=True)
    assert isinstance(refused, NotFoundRefusal)
    assert not isinstance(kept, BaseException)
    assert not kept.duplicate


async def test_a_command_id_stands_for_one_command(ledger: Ledger) -> None:
    """Another command under it is refused, at once and later."""
    once = origin()
    calls = [ledger.execute(open_log(name), origin=once) for name in ("a", "b")]
    kept, refused = await asyncio.gather(*calls, return_exceptions=True)
    assert not isinstance(kept, BaseException)
    assert isinstance(refused, CommandIdReusedRefusal)
    with pytest.raises(CommandIdReusedRefusal):
        await ledger.execute(open_log("a", label="other"), origin=once)
    assert ledger.head() == 1
