"""The base of every fact, and the envelope it is stored in."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar
from uuid import UUID

import msgspec


class Fact(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Something that happened and can't be changed afterwards.

    Fields hold ids, digests, numbers and the words of machines; words about people stand in the vault.
    """

    NAME: ClassVar[str] = ""

    def upcast(self) -> Fact:
        """The same fact in its next version; a current version returns itself."""
        return self


class Metadata(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    rename={
        "recorded_at": "at",
        "actor": "by",
        "command_id": "cmd",
        "causation_id": "cause",
        "correlation_id": "corr",
    },
):
    """Who and what stands behind a fact: the same for every fact of one command."""

    recorded_at: datetime
    """When the ledger's writer decided it; aware UTC."""
    actor: str
    """Who asked: `user:<claim id>`, `worker:<name>`, `reactor:<name>`, `poller:<source>` or `system`."""
    command_id: UUID
    """The command that decided it; a repeated command has the same id."""
    causation_id: UUID | None = None
    """The command or delivery that led to this command; None at the start of a chain."""
    correlation_id: UUID | None = None
    """The id that the whole chain shares, from the change or request onwards."""


class Recorded(msgspec.Struct, frozen=True, kw_only=True):
    """A fact with its place in the ledger."""

    position: int
    """Place in the one total order; from 1, ascending, never reused."""
    stream_id: UUID
    version: int
    """Place in its own stream; from 1, without gaps."""
    name: str
    """The name it was stored under, before any upcasting."""
    fact: Fact
    meta: Metadata
