"""A ledger under which a server process can be killed: just before one of its commits, or just after it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from buildledger.domain.command import Command
from buildledger.ledger.ledger import Ledger
from buildledger.ledger.submission import Origin, Receipt


class Killed(BaseException):
    """The process is dead; nobody saw what its last commands came to."""


class UnreliableLedger(Ledger):
    """The real one; what the reactors have done can be interrupted."""

    commits = 0
    """How often the reactors have had something done."""
    kill_at: int | None = None
    """At this one of their commits the process dies."""
    after_commit = False
    """It dies when the commit is durable, but before it hears of that."""
    at_hand: tuple[Command, ...] = ()
    """What the reactors want to have done next."""
    meanwhile: Callable[[], Awaitable[None]] | None = None
    """What others do between a reactor's decision and its commit."""

    async def execute(self, *commands: Command, origin: Origin) -> Receipt:
        """See `Ledger`."""
        if not origin.actor.startswith("reactor:"):
            return await super().execute(*commands, origin=origin)
        self.at_hand = commands
        if self.meanwhile is not None:
            await self.meanwhile()
        self.commits += 1
        dies = self.commits == self.kill_at
        if dies and not self.after_commit:
            raise Killed
        receipt = await super().execute(*commands, origin=origin)
        if dies:
            raise Killed
        return receipt
