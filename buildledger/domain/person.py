"""Claims about people: recorded when first seen. Whose they are is found when read."""

from __future__ import annotations

from uuid import UUID

import msgspec

from buildledger.domain.command import Aggregate, Command
from buildledger.events.fact import Fact
from buildledger.events.ids import ClaimId
from buildledger.events.person import ClaimRecorded


class ClaimState(msgspec.Struct, frozen=True):
    """Whether the claim is known."""

    recorded: bool = False


class RecordClaim(Command, frozen=True, kw_only=True):
    """Record that a name or address was seen; again decides nothing."""

    claim_id: ClaimId
    claim: ClaimRecorded

    @property
    def stream_id(self) -> UUID:
        """The claim's own stream."""
        return self.claim_id


def normalise(kind: str, value: str) -> str:
    """The form in which two writings of the same claim are equal; each kind has its own.

    Addresses are compared without regard to case, as every mail system in use does; names keep theirs.
    """
    value = " ".join(value.split())
    match kind:
        case "email" | "local":
            return value.casefold()
        case "git.author" | "git.committer":
            name, _, address = value.rpartition("<")
            return f"{name.strip()} <{address.rstrip('>').strip().casefold()}>"
        case _:
            return value


def decide(state: ClaimState, command: RecordClaim) -> tuple[Fact, ...]:
    """The first sight is the fact."""
    return () if state.recorded else (command.claim,)


def evolve(state: ClaimState, fact: Fact) -> ClaimState:
    """Known from its first fact on."""
    return ClaimState(recorded=True) if isinstance(fact, ClaimRecorded) else state


AGGREGATE = Aggregate(name="claim", commands=(RecordClaim,), initial=ClaimState(), decide=decide, evolve=evolve)
