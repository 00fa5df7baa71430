"""Facts about the server's own processes."""

from __future__ import annotations

from typing import ClassVar

from buildledger.events.fact import Fact


class ServerStarted(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """A server process began to serve; the stream is the process's own."""

    NAME: ClassVar[str] = "server.started.v1"

    version: str
    """Of Build Ledger."""
    roles: tuple[str, ...]
    """What the process does: `api`, `gateway`, `reactors`, …"""
    host: str = ""
    """The name of its machine, for people."""


class ServerLost(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """It gave no sign of life for longer than it may: others act as if it were dead, and its workers are free.

    One that lives all the same says anew that it started.
    """

    NAME: ClassVar[str] = "server.lost.v1"

    reason: str = ""
    """How that was noticed, for people."""


class ServerStopped(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """It stopped in good order."""

    NAME: ClassVar[str] = "server.stopped.v1"

    reason: str = ""
    """Why, for people."""
