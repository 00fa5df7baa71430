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
    """The commit, once it is known."""

    recorded: ChangeRecorded | None = None


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
            return (command.change,) if state.recorded is None else ()
        case _:
            assert_never(command)


def evolve(state: ChangeState, fact: Fact) -> ChangeState:
    """Known from its first fact on."""
    return ChangeState(recorded=fact) if isinstance(fact, ChangeRecorded) else state


AGGREGATE = Aggregate(name="change", commands=(RecordChange,), initial=ChangeState(), decide=decide, evolve=evolve)
