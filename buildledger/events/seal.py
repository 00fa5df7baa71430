"""Facts that hold the digests of what stands beside the facts, so that an audit can tell whether it is all there."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from buildledger.events.fact import Fact


class HeadDigest(msgspec.Struct, frozen=True, kw_only=True):
    """A signed tree head that was kept."""

    size: int
    """How many facts it covers."""
    sha256: str
    """Of its public key, a newline and its note, in hex."""


class SealMade(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """Heads and command ids that were kept since the last seal; all seals are one stream."""

    NAME: ClassVar[str] = "seal.made.v1"

    heads: tuple[HeadDigest, ...] = ()
    """Those that were kept since, by size."""
    commands_from: int
    """Commands with an id of their own whose last fact stands at this position or later …"""
    commands_before: int
    """… and before this one."""
    command_count: int = 0
    commands_sha256: str
    """Of the ids, digests, positions and counts of these commands, in hex."""
