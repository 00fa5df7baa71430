"""Locks in the file: what builders and steps take of them, and whether that can be had."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Annotated

import msgspec

from buildledger.config.fields.field_types import Text
from buildledger.config.fields.nodes import TakeValue
from buildledger.config.fields.one_or_several import ONE_OR_SEVERAL
from buildledger.config.fields.strict import Strict, shorthand
from buildledger.config.lock_uses import LockUse
from buildledger.config.problems.problem import Path, did_you_mean, listed
from buildledger.config.reading.document import Document


class LockUseModel(Strict):
    """How much of a lock a build takes."""

    lock: Text
    """The lock."""
    take: TakeValue = 1
    """A number, or `all` of its count."""


LockUses = Annotated[list[Annotated[LockUseModel, shorthand("lock", LockUseModel | Text)]], ONE_OR_SEVERAL]
"""Several locks, each with how much is taken of it; one alone stands for a list of one."""


class DeclaredLocks(msgspec.Struct, frozen=True, kw_only=True):
    """The locks of a file."""

    names: Collection[str] = ()
    """Of all, also of those whose entry is unsound."""
    counts: Mapping[str, int] = msgspec.field(default_factory=dict)
    """Of those whose entry is sound."""

    def check(self, document: Document, path: Path, uses: Sequence[LockUseModel]) -> None:
        """Report what nobody could ever take; `path` is that of the list."""
        seen: set[str] = set()
        for index, use in enumerate(uses):
            place = (*path, index, "lock")
            if use.lock not in self.names:
                self.check_name(document, place, use.lock)
            elif use.lock in seen:
                document.add("duplicate-name", place, f"the lock '{use.lock}' is asked for twice", "use 'take'")
            elif (count := self.counts.get(use.lock)) and (use.take or 1) > count:
                message = f"'{use.lock}' has a count of {count}: nobody could ever take {use.take}"
                document.add("lock-count", (*place[:-1], "take"), message)
            seen.add(use.lock)

    def check_name(self, document: Document, path: Path, name: str) -> None:
        """Report a name that no lock has."""
        if name not in self.names:
            hint = f"locks: {listed(self.names)}" if self.names else "declare it under 'locks'"
            message = f"there is no lock '{name}'{did_you_mean(name, self.names)}"
            document.add("unknown-lock", path, message, hint)

    def resolve(self, uses: Sequence[LockUseModel]) -> tuple[LockUse, ...]:
        """What is stored of them."""
        return tuple(
            LockUse(lock=use.lock, take=use.take or self.counts[use.lock]) for use in uses if use.lock in self.counts
        )
