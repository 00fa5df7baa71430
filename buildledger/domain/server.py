"""Server processes: when each began, ended or was lost."""

from __future__ import annotations

from typing import assert_never
from uuid import UUID

import msgspec

from buildledger.domain.command import Aggregate, Command
from buildledger.events.fact import Fact
from buildledger.events.ids import ServerId
from buildledger.events.server import ServerLost, ServerStarted, ServerStopped


class ServerState(msgspec.Struct, frozen=True):
    """Whether the process serves."""

    serving: bool = False
    term: int = 0
    """How often it has started."""


class ServerCommand(Command, frozen=True, kw_only=True):
    """A command about one server process."""

    server_id: ServerId

    @property
    def stream_id(self) -> UUID:
        """The process's stream."""
        return self.server_id


class StartServer(ServerCommand, frozen=True, kw_only=True):
    """Say that the process serves."""

    version: str
    roles: tuple[str, ...]
    host: str = ""


class StopServer(ServerCommand, frozen=True, kw_only=True):
    """Say that it stops in good order."""

    reason: str = ""


class LoseServer(ServerCommand, frozen=True, kw_only=True):
    """Hold it for dead; one that has stopped, or has started again after that term, decides nothing."""

    term: int
    reason: str = ""


def decide(state: ServerState, command: StartServer | StopServer | LoseServer) -> tuple[Fact, ...]:
    """Start once, stop or be lost once; who was lost may start again."""
    match command:
        case StartServer(version=version, roles=roles, host=host):
            return () if state.serving else (ServerStarted(version=version, roles=roles, host=host),)
        case StopServer(reason=reason):
            return (ServerStopped(reason=reason),) if state.serving else ()
        case LoseServer(term=term, reason=reason):
            return (ServerLost(reason=reason),) if state.serving and term == state.term else ()
        case _:
            assert_never(command)


def evolve(state: ServerState, fact: Fact) -> ServerState:
    """Serving from each start to the end after it."""
    match fact:
        case ServerStarted():
            return ServerState(serving=True, term=state.term + 1)
        case ServerStopped() | ServerLost():
            return msgspec.structs.replace(state, serving=False)
        case _:
            return state


AGGREGATE = Aggregate(
    name="server",
    commands=(StartServer, StopServer, LoseServer),
    initial=ServerState(),
    decide=decide,
    evolve=evolve,
)
