"""When something is due, and which requests belong together."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal

from buildledger.events.request import SourceStamp

Collapse = Literal["never", "same-branch", "same-revision"]

LIKELY_DEFAULT_BRANCHES = ("main", "master", "trunk", "develop", "default")


def collapse_key(policy: Collapse, stamps: Sequence[SourceStamp], inputs: Mapping[str, Any]) -> str | None:
    """Waiting requests of one builder with the same key may be served by one build; None: this one never.

    Requests with different inputs never belong together.
    """
    if policy == "never":
        return None
    exact = policy == "same-revision"
    parts = [[stamp.source, stamp.branch, (stamp.revision or "") if exact else ""] for stamp in stamps]
    return json.dumps([parts, inputs], sort_keys=True, separators=(",", ":")) if inputs else json.dumps(parts)


def settled_at(moved_at: datetime, settle_seconds: float) -> datetime:
    """When a branch that moved last at `moved_at` has been quiet for long enough."""
    return moved_at + timedelta(seconds=settle_seconds)


def lease_ends_at(disconnected_at: datetime, serving_since: datetime, lease_seconds: float) -> datetime:
    """When a disconnected worker counts as lost; while no server was there to come back to, no time is counted."""
    return max(disconnected_at, serving_since) + timedelta(seconds=lease_seconds)


def default_branch(configured: str | None, own: str | None, known: Iterable[str]) -> str:
    """The branch that is built when nobody names one; empty when nothing is known, which means the repository's own.

    It is what the configuration says, else what the source itself says (`own`). Only of a source that says nothing, of
    which commits are handed in or whose HEAD is no branch, a likely name among those that are `known` is taken.
    """
    if (said := configured or own) is not None:
        return said
    branches = sorted(known)
    likely = [branch for branch in LIKELY_DEFAULT_BRANCHES if branch in branches]
    return next(iter([*likely, *branches]), "")
