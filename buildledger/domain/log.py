"""Logs: opened by their first bytes, finished with a digest that never changes."""

from __future__ import annotations

from typing import assert_never
from uuid import UUID

import msgspec

from buildledger.domain.command import Aggregate, Command
from buildledger.domain.refusals import LogContradictedRefusal, NotFoundRefusal
from buildledger.events.fact import Fact
from buildledger.events.ids import LogId
from buildledger.events.log import LogFinished, LogOpened


class LogState(msgspec.Struct, frozen=True):
    """Whether the log is there, and its end."""

    opened: bool = False
    finished: LogFinished | None = None


class LogCommand(Command, frozen=True, kw_only=True):
    """A command about one log."""

    log_id: LogId

    @property
    def stream_id(self) -> UUID:
        """The log's stream."""
        return self.log_id


class OpenLog(LogCommand, frozen=True, kw_only=True):
    """Say that a log has begun; again decides nothing."""

    opened: LogOpened


class FinishLog(LogCommand, frozen=True, kw_only=True):
    """Say that it is complete; the same end again decides nothing."""

    finished: LogFinished


def decide(state: LogState, command: OpenLog | FinishLog) -> tuple[Fact, ...]:
    """Open once, finish once.

    Raises:
        NotFoundRefusal
        LogContradictedRefusal
    """
    match command:
        case OpenLog(opened=opened):
            return () if state.opened else (opened,)
        case FinishLog(finished=finished):
            if not state.opened:
                raise NotFoundRefusal("log", command.log_id)
            if state.finished is None:
                return (finished,)
            if state.finished == finished:
                return ()
            raise LogContradictedRefusal(command.log_id)
        case _:
            assert_never(command)


def evolve(state: LogState, fact: Fact) -> LogState:
    """Open, then finished."""
    match fact:
        case LogOpened():
            return LogState(opened=True)
        case LogFinished():
            return LogState(opened=True, finished=fact)
        case _:
            return state


AGGREGATE = Aggregate(name="log", commands=(OpenLog, FinishLog), initial=LogState(), decide=decide, evolve=evolve)
