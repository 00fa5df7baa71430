"""Ids and values that several stories have."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID, uuid5

from buildledger.events import (
    request,
)
from buildledger.events.ids import (
    NAMESPACE,
    BuildId,
    ChangeId,
    ClaimId,
    RequestId,
    ServerId,
)


def an_id(name: str) -> UUID:
    """An id that stands for `name` in the stories."""
    return uuid5(NAMESPACE, f"golden {name}")


AT = datetime(2026, 1, 1, 11, 59, 58, 123456, tzinfo=UTC)
DIGEST = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
CLAIM = ClaimId(an_id("claim"))
BUILD = BuildId(an_id("build"))
SERVER = ServerId(an_id("server"))
REQUEST = RequestId(an_id("request"))
CHANGE = ChangeId(an_id("change"))
STAMP = request.SourceStamp(source="app", repository="https://example.org/app.git", branch="main", revision="a" * 40)
