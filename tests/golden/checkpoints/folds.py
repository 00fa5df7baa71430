"""The checkpoints there are, and what they hold after a fixed history."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from buildledger.elastic import fleet, fleet_state
from buildledger.events.codec import decode
from buildledger.events.fact import Recorded
from buildledger.operations.open_operations import OpenOperations, ServerOperation
from buildledger.operations.server_operations import ServerOperations
from buildledger.reactors import runner
from buildledger.reactors.triggers.triggering import TriggeringMemory
from buildledger.slave_grpc.state.follower import OpenWorkFollower
from buildledger.slave_grpc.state.open_work import Changes, OpenWork, OpenWorkState
from tests.golden.histories import Line, lines
from tests.golden.shapes import shape_of

DIRECTORY = Path(__file__).parent
BEGINNINGS = {
    "build": 20,
    "build-with-files-and-tests": 7,
    "worker": 2,
    "worker-pauses": 3,
    "credential": 2,
    "machine": 4,
}
"""How many facts of each story have happened: what is over leaves nothing in a checkpoint."""


@dataclass(frozen=True)
class KnownCheckpoint:
    """One follower's checkpoint."""

    name: str
    version: int
    raise_here: str
    """Where the version stands."""
    types: tuple[Any, ...]
    content: Callable[[list[Recorded]], Any] | None = None
    """What it holds after these facts; None: only its shape is recorded."""

    @property
    def golden(self) -> Path:
        """The file of the present version."""
        return DIRECTORY / f"{self.name}.{self.version}.json"

    def describe(self) -> dict[str, Any]:
        """Its shape and content, as plain JSON."""
        content = None if self.content is None else self.content(history())
        described: dict[str, Any] = msgspec.json.decode(
            msgspec.json.encode({"shape": shape_of(*self.types), "content": content})
        )
        return described


def history() -> list[Recorded]:
    """The first facts of each story, one story after another."""
    begun = [line for name, facts in BEGINNINGS.items() for line in lines(name)[:facts]]
    return [_recorded(position, line) for position, line in enumerate(begun, 1)]


def _recorded(position: int, line: Line) -> Recorded:
    fact, meta = decode(line.name, line.stored.encode())
    return Recorded(
        position=position, stream_id=line.stream_id, version=line.version, name=line.name, fact=fact, meta=meta
    )


def _open_work(facts: list[Recorded]) -> OpenWorkState:
    work = OpenWork()
    for recorded in facts:
        work.apply(recorded, Changes())
    return work.state


def _operations(facts: list[Recorded]) -> Any:
    operations = OpenOperations()
    for recorded in facts:
        operations.apply(recorded)
    return msgspec.json.decode(operations.snapshot())


def _fleet(facts: list[Recorded]) -> fleet_state.FleetState:
    state = fleet_state.FleetState()
    for recorded in facts:
        state.apply(recorded)
    return state


CHECKPOINTS = (
    KnownCheckpoint(
        runner.CHECKPOINT_NAME,
        runner.CHECKPOINT_VERSION,
        "CHECKPOINT_VERSION in buildledger/reactors/runner.py",
        (runner.CheckpointState, TriggeringMemory),
    ),
    KnownCheckpoint(
        OpenWorkFollower.NAME,
        OpenWorkFollower.VERSION,
        "OpenWork.VERSION in buildledger/slave_grpc/state/open_work.py",
        (OpenWorkState,),
        _open_work,
    ),
    KnownCheckpoint(
        ServerOperations.NAME,
        ServerOperations.VERSION,
        "ServerOperations.VERSION in buildledger/operations/server_operations.py",
        (ServerOperation,),
        _operations,
    ),
    KnownCheckpoint(
        fleet.CHECKPOINT_NAME,
        fleet_state.VERSION,
        "VERSION in buildledger/elastic/fleet_state.py",
        (fleet_state.FleetState,),
        _fleet,
    ),
)
