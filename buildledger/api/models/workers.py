"""Workers."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from buildledger.api.models.scalars import BuildRef, Moment, Position, WorkerName

CredentialState = Literal["none", "in_force", "expired", "revoked"]


class WorkerCredential(msgspec.Struct, frozen=True, kw_only=True):
    """What a worker proves itself with."""

    state: CredentialState
    issued_at: Annotated[Moment | None, Meta(description="The last one; workers exchange it at half of its life.")]
    expires_at: Annotated[Moment | None, Meta(description="Null: it stands until it is revoked.")]


WorkerStatus = Literal["never_connected", "connected", "disconnected", "lost"]


MachineStateName = Literal["stopped", "starting", "idle", "busy", "stopping", "quarantined", "away"]


class Machine(msgspec.Struct, frozen=True, kw_only=True):
    """The machine of a worker that the server starts when there is work for it."""

    driver: Annotated[str, Meta(description="How it is started.", examples=["local", "ssh", "kubernetes"])]
    state: Annotated[
        MachineStateName, Meta(description="`away`: it runs, and its worker was connected and isn't at the moment.")
    ]
    start: Annotated[int, Meta(description="Counts the worker's machines; 0: there was none.")]
    place: Annotated[str, Meta(description="Where it runs, or ran last.", examples=["process 4711"])]
    reason: Annotated[str, Meta(description="Why it is in this state.", examples=["a build of tests waits"])]
    failures: Annotated[int, Meta(description="In a row; three or more need a person.")]
    quarantined_until: Annotated[Moment | None, Meta(description="It isn't started again before.")]


class Worker(msgspec.Struct, frozen=True, kw_only=True):
    """A machine that runs builds."""

    name: WorkerName
    configured: Annotated[bool, Meta(description="False: only history speaks of it.")]
    enrolled: bool
    credential: WorkerCredential
    status: WorkerStatus
    paused: bool
    pause_reason: str
    labels: dict[str, str]
    capacity: int
    running: list[BuildRef]
    version: str
    os: Annotated[str, Meta(examples=["linux"])]
    arch: Annotated[str, Meta(examples=["x86_64"])]
    address: str
    epoch: Annotated[int, Meta(description="Counts its sessions.")]
    connected_at: Annotated[Moment | None, Meta(description="Of its last session.")]
    disconnected_at: Moment | None
    disconnect_reason: Annotated[str, Meta(examples=["silent"])]
    missing_since: Annotated[Moment | None, Meta(description="It has been away for longer than it may, since then.")]
    machine: Annotated[Machine | None, Meta(description="Null: it isn't started by the server.")]


class WorkerPage(msgspec.Struct, frozen=True, kw_only=True):
    """Workers, by name."""

    items: list[Worker]
    next: str | None
    position: Position


class WorkerDetail(msgspec.Struct, frozen=True, kw_only=True):
    """One worker."""

    worker: Worker
    position: Position
