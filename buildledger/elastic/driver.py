"""What a driver is: everything Build Ledger knows about one way to start a worker."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple, Protocol

from buildledger.config.machines import Start

MARK_VARIABLE = "BUILDLEDGER_MACHINE"
"""In the environment of a worker that was started, and of all that it starts: which machine it is."""


class StartError(Exception):
    """This start can't succeed, however often it is tried; the text says why."""


class UnreachableError(Exception):
    """Nothing can be said or done at the moment; trying again may help."""


class Gateway(NamedTuple):
    """Where this process of the server listens for workers, as a worker on this machine would write it."""

    address: str
    """Empty: it doesn't."""
    secured: bool
    """With a certificate from elsewhere: unlike for one of the server's own, a token doesn't say whom to trust."""


@dataclass(frozen=True, kw_only=True)
class Machine:
    """One start of one worker."""

    installation: str
    """Whose it is: several servers may start workers of the same name on one host."""
    worker: str
    start: int
    settings: Start

    @cached_property
    def mark(self) -> str:
        """What nothing else is marked with; the same for the same start after any restart of the server."""
        said = f"{self.installation}\x1f{self.worker}\x1f{self.start}"
        return hashlib.sha256(said.encode()).hexdigest()[:32]


class MachineStatus(NamedTuple):
    """What an inspection found of a machine."""

    state: Literal["absent", "elsewhere", "running", "ended", "failed"]
    """absent: no trace of it. elsewhere: no trace of it here, and another server may have started it on its machine.
    ended: it was there and is gone. failed: it is there and will never work."""
    detail: str = ""
    """Where it runs, or why it doesn't."""


class Driver(Protocol):
    """Starts machines, finds them again, and stops them.

    Every method may be called again after whatever happened to the last call, also by another process of the server.
    All raise UnreachableError.
    """

    inspect_seconds: float
    """Seconds between two inspections of a machine from which nothing is expected."""
    wait_seconds: float
    """Seconds between two inspections when something is."""

    async def start(self, machine: Machine, token: str) -> None:
        """Start it unless it was started before; `token` is the worker's one-use enrollment token.

        Raises:
            StartError
        """
        ...

    async def inspect(self, machine: Machine) -> MachineStatus:
        """Find out how it is.

        Raises:
            StartError: Something is wrong that no later inspection can find otherwise.
        """
        ...

    async def stop(self, machine: Machine, *, force: bool) -> None:
        """Ask it to go, or with `force` take it away with everything it has started; returns before it is gone."""
        ...

    async def forget(self, machine: Machine) -> None:
        """It is gone: let go of whatever was kept for it."""
        ...

    async def close(self) -> None:
        """The server stops: let go of everything, and let the machines run."""
        ...
