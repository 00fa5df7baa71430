"""The state of a worker."""

from __future__ import annotations

from datetime import datetime

import msgspec

from buildledger.events.ids import ServerId


class KnownWorker(msgspec.Struct, kw_only=True):
    """A worker that is in the ledger."""

    name: str = ""
    """Empty until it has connected for the first time."""
    epoch: int = 0
    connected: bool = False
    server_id: ServerId | None = None
    labels: dict[str, str] = msgspec.field(default_factory=dict)
    capacity: int = 0
    features: tuple[str, ...] | None = None
    """What it offered when it connected last; None: it has never connected."""
    paused: bool = False
    drained: bool = False
    """Whether the worker asked for the pause itself because it is being shut down."""
    revoked: bool = False
    lost: bool = False
    missing: bool = False
    disconnected_at: datetime | None = None
