"""Seals: each goes on where the last one ended, so that nothing is left out between two."""

from __future__ import annotations

from uuid import UUID

import msgspec

from buildledger.domain.command import Aggregate, Command
from buildledger.events.fact import Fact
from buildledger.events.ids import SEAL_STREAM
from buildledger.events.seal import SealMade


class SealState(msgspec.Struct, frozen=True):
    """How far everything is sealed."""

    commands_before: int = 0
    """Commands whose last fact stands before this position."""
    heads_size: int = 0
    """Heads up to this size."""


class MakeSeal(Command, frozen=True, kw_only=True):
    """Keep digests; decides nothing if empty, or if another server was faster and it doesn't go on from there."""

    seal: SealMade

    @property
    def stream_id(self) -> UUID:
        """The one stream of all seals."""
        return SEAL_STREAM


def decide(state: SealState, command: MakeSeal) -> tuple[Fact, ...]:
    """Go on, or do nothing."""
    seal = command.seal
    goes_on = seal.commands_from == state.commands_before <= seal.commands_before
    heads_go_on = not seal.heads or seal.heads[0].size > state.heads_size
    holds_something = bool(seal.heads) or seal.commands_before > state.commands_before
    return (seal,) if goes_on and heads_go_on and holds_something else ()


def evolve(state: SealState, fact: Fact) -> SealState:
    """Stand where the seal ends."""
    if not isinstance(fact, SealMade):
        return state
    newest = fact.heads[-1].size if fact.heads else state.heads_size
    return SealState(commands_before=fact.commands_before, heads_size=newest)


AGGREGATE = Aggregate(name="seal", commands=(MakeSeal,), initial=SealState(), decide=decide, evolve=evolve)
