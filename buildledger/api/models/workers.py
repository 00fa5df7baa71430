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


class WorkerPage(msgspec.Struct, frozen=True, kw_only=True):
    """Workers, by name."""

    items: list[Worker]
    next: str | None
    position: Position


class WorkerDetail(msgspec.Struct, frozen=True, kw_only=True):
    """One worker."""

    worker: Worker
    position: Position
