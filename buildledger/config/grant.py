"""What the central configuration lets others define who aren't trusted: the files of repositories, steps of builds."""

from __future__ import annotations

import msgspec

from buildledger.config.values import Expression


class Grant(msgspec.Struct, frozen=True, kw_only=True):
    """What may be defined, and what its builders are held to."""

    may_define: tuple[str, ...]
    """Sections, and keys of builders."""
    secrets: tuple[str, ...]
    locks: tuple[str, ...]
    worker: Expression | None
    """True for the workers that its builders may run on, whatever they say themselves; None: any."""
    max_builders: int
    max_steps: int
    """Of each builder."""
