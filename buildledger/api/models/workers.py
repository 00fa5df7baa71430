"""Workers."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from buildledger.api.models.scalars import BuildRef, Cursor, Moment, Position, WorkerName

CredentialState = Literal["none", "in_force", "expired", "revoked"]


class WorkerCredential(msgspec.Struct, frozen=True, kw_only=True):
    """What a worker proves itself with."""

    state: Annotated[CredentialState, Meta(description="`none`: it was never enrolled.")]
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
    enrolled: Annotated[bool, Meta(description="It has a credential that is in force.")]
    credential: Annotated[WorkerCredential, Meta(description="What it proves itself with.")]
    status: Annotated[
        WorkerStatus, Meta(description="`lost`: it was away beyond its lease, and its builds are tried elsewhere.")
    ]
    paused: Annotated[bool, Meta(description="Nothing more is assigned to it.")]
    paused_by: Annotated[
        Literal["person", "worker"] | None,
        Meta(description="Who wants that; `worker`: it is about to end, and is over when it is back. Null: nobody."),
    ]
    pause_reason: Annotated[str, Meta(description="Why it is paused; empty: it isn't, or nobody said.")]
    labels: Annotated[
        dict[str, str],
        Meta(description="By name: what it says of itself and, over that, what the configuration says."),
    ]
    capacity: Annotated[int, Meta(description="How many builds it takes at once.")]
    running: Annotated[list[BuildRef], Meta(description="The builds that run on it.")]
    version: Annotated[str, Meta(description="The version of the worker's program; empty before its first session.")]
    os: Annotated[str, Meta(description="Its operating system; empty before its first session.", examples=["linux"])]
    arch: Annotated[
        str, Meta(description="Its processor's architecture; empty before its first session.", examples=["x86_64"])
    ]
    address: Annotated[str, Meta(description="Where its last session came from; empty before the first.")]
    epoch: Annotated[int, Meta(description="Counts its sessions.")]
    connected_at: Annotated[Moment | None, Meta(description="Of its last session.")]
    disconnected_at: Annotated[
        Moment | None,
        Meta(description="When its last session ended; null while it is connected, and before the first."),
    ]
    disconnect_reason: Annotated[
        str,
        Meta(
            description="Why its last session ended; empty while it is connected, and before the first.",
            examples=["silent"],
        ),
    ]
    missing_since: Annotated[Moment | None, Meta(description="It has been away for longer than it may, since then.")]
    machine: Annotated[Machine | None, Meta(description="Null: it isn't started by the server.")]


class WorkerPage(msgspec.Struct, frozen=True, kw_only=True):
    """Workers, by name."""

    items: Annotated[list[Worker], Meta(description="The workers of this page.")]
    next: Cursor
    position: Position


class WorkerDetail(msgspec.Struct, frozen=True, kw_only=True):
    """One worker."""

    worker: Annotated[Worker, Meta(description="The worker.")]
    position: Position
