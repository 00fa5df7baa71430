"""Commits: each is recorded once, however often and from wherever it is reported."""

from __future__ import annotations

from typing import assert_never
from uuid import UUID

import msgspec

from buildledger.domain.command import Aggregate, Command
from buildledger.events.change import ChangeRecorded
from buildledger.events.fact import Fact
from buildledger.events.ids import change_id


class ChangeState(msgspec.Struct, frozen=True):
    """Whether the commit is known."""

    recorded: bool = False


class RecordChange(Command, frozen=True, kw_only=True):
    """Record a commit; a commit that is known decides nothing."""

    change: ChangeRecorded

    @property
    def stream_id(self) -> UUID:
        """The commit's own stream."""
        return change_id(self.change.source, self.change.revision)


ChangeCommand = RecordChange


def decide(state: ChangeState, command: ChangeCommand) -> tuple[Fact, ...]:
    """The first report of a commit is the fact."""
    match command:
        case RecordChange():
            return () if state.recorded else (command.change,)
        case _:
            assert_never(command)


def evolve(state: ChangeState, fact: Fact) -> ChangeState:
    """Known from its first fact on."""
    return ChangeState(recorded=True) if isinstance(fact, ChangeRecorded) else state


AGGREGATE = Aggregate(name="change", commands=(RecordChange,), initial=ChangeState(), decide=decide, evolve=evolve)
