"""A branch that has moved and isn't built yet."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from buildledger.events.change import BranchMoved
from buildledger.events.fact import Recorded
from buildledger.events.ids import ChangeId


class Move(msgspec.Struct, frozen=True, kw_only=True):
    """One move of a branch to another revision."""

    position: int
    revision: str
    changes: tuple[ChangeId, ...]
    complete: bool
    """Whether these are all that are new."""
    moved_at: datetime


class Settling(msgspec.Struct, kw_only=True):
    """A branch that has moved since a trigger last requested builds of it."""

    trigger: str
    """Empty while the file isn't read that says which triggers there are."""
    source: str
    branch: str
    moves: tuple[Move, ...]
    initial: bool
    """Whether the only move was that the branch was seen for the first time."""
    correlation_id: UUID
    causation_id: UUID
    pipeline: str | None = None
    """The digest of the repository's pipeline that has the trigger; None: the configuration has it."""

    def clock_set(self, now: datetime) -> None:
        """Let what was seen by a clock ahead of the present time settle from now on."""
        self.moves = tuple(msgspec.structs.replace(move, moved_at=min(move.moved_at, now)) for move in self.moves)


def moved(trigger: str, recorded: Recorded, fact: BranchMoved, revision: str, before: Settling | None) -> Settling:
    """The branch after one more move."""
    move = Move(
        position=recorded.position,
        revision=revision,
        changes=fact.changes,
        complete=fact.change_count <= len(fact.changes),
        moved_at=recorded.meta.recorded_at,
    )
    return Settling(
        trigger=trigger,
        source=fact.source,
        branch=fact.branch,
        moves=(*(before.moves if before else ()), move),
        initial=fact.initial and before is None,
        correlation_id=recorded.meta.correlation_id or recorded.meta.command_id,
        causation_id=recorded.meta.command_id,
    )


def joined(before: Settling | None, after: Settling) -> Settling:
    """The branch after the moves of both; what else is known is that of the later ones."""
    if before is None:
        return after
    return msgspec.structs.replace(after, moves=(*before.moves, *after.moves), initial=False)
