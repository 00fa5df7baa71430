"""The state of an open request."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from buildledger.events import request
from buildledger.events.ids import BuildId, RequestId


class OpenRequest(msgspec.Struct, kw_only=True):
    """A request that isn't finished."""

    request_id: RequestId
    position: int
    """The ledger position at which it was submitted, which stands for its age."""
    submitted: request.RequestSubmitted
    priority: int
    attempts: int = 0
    claimed_at: datetime | None = None
    """When its last attempt began; None before the first."""
    build_id: BuildId | None = None
    """The build that answers it; None while it waits."""
    into: RequestId | None = None
    """The request that it was collapsed into; None if it wasn't."""
    followers: tuple[RequestId, ...] = ()
    """The requests that were collapsed into it."""
    last_worker: str | None = None
    """The worker of its last build, if that has ended without answering it."""
    causation_id: UUID | None = None
    correlation_id: UUID

    @property
    def waits(self) -> bool:
        """Whether it waits for a build of its own."""
        return self.build_id is None and self.into is None
