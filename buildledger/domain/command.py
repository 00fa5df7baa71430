"""What every command is, and what the ledger needs to know of an aggregate."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID

import msgspec

from buildledger.events.fact import Fact


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody asks for, in the imperative; the domain answers it with facts or a refusal."""

    IS_CONDITION: ClassVar[bool] = False
    """It decides nothing and only has others refused that go with it: a repetition may come under another one."""

    def as_asked(self) -> Command:
        """It without what the server works out by itself, which may differ when somebody repeats it."""
        return self

    @property
    def stream_id(self) -> UUID:
        """The one stream that this command is decided on."""
        raise NotImplementedError


@dataclass(frozen=True, kw_only=True)
class Aggregate:
    """One kind of stream: how its state begins, what it may decide, and how facts change it.

    `decide(state, command)` gives the facts to append: none when all that is asked for is so already.
    `evolve(state, fact)` gives the state after it and never fails on a stored fact.
    """

    name: str
    commands: tuple[type[Command], ...]
    initial: Any
    decide: Callable[[Any, Any], tuple[Fact, ...]]
    evolve: Callable[[Any, Fact], Any]
