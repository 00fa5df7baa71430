"""Server processes: when each began and ended."""

from __future__ import annotations

from typing import assert_never
from uuid import UUID

import msgspec

from buildledger.domain.command import Aggregate, Command
from buildledger.events.fact import Fact
from buildledger.events.ids import ServerId
from buildledger.events.server import ServerStarted, ServerStopped


class ServerState(msgspec.Struct, frozen=True):
    """Whether the process serves."""

    serving: bool = False


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


def decide(state: ServerState, command: StartServer | StopServer) -> tuple[Fact, ...]:
    """Start once, stop once."""
    match command:
        case StartServer(version=version, roles=roles, host=host):
            return () if state.serving else (ServerStarted(version=version, roles=roles, host=host),)
        case StopServer(reason=reason):
            return (ServerStopped(reason=reason),) if state.serving else ()
        case _:
            assert_never(command)


def evolve(state: ServerState, fact: Fact) -> ServerState:
    """Serving between its two facts."""
    match fact:
        case ServerStarted():
            return ServerState(serving=True)
        case ServerStopped():
            return ServerState(serving=False)
        case _:
            return state


AGGREGATE = Aggregate(
    name="server", commands=(StartServer, StopServer), initial=ServerState(), decide=decide, evolve=evolve
)
