"""What callers hand to the writer, and what they get back."""

from __future__ import annotations

import asyncio
import hashlib
from concurrent.futures import Future
from uuid import UUID, uuid4

import msgspec

from buildledger.domain.command import Command
from buildledger.domain.refusals import LimitRefusal
from buildledger.events.limits import LimitError, check_text

_encode = msgspec.json.Encoder(order="deterministic").encode


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """Who executes a command, under which id, and because of what."""

    actor: str
    """`user:<claim id>`, `worker:<name>`, `reactor:<name>`, `poller:<source>` or `system`."""
    command_id: UUID | None = None
    """What makes a repetition recognisable; None where repeating does no harm, which is also cheaper."""
    causation_id: UUID | None = None
    """The command or delivery that led to this one."""
    correlation_id: UUID | None = None
    """Shared by the whole chain, from the change or request onwards."""


class Receipt(msgspec.Struct, frozen=True):
    """The answer to commands that are durable: where their facts stand in the ledger."""

    position: int
    """Of the last fact; a reader that has reached it sees what was done. The ledger's head when nothing was decided."""
    positions: range
    """Of all facts that were decided; empty when all that was asked for was so already."""
    duplicate: bool = False
    """The command id was seen before, and this is what it was answered then."""


class Submission:
    """Commands that are decided together and kept together, and the caller who waits for them."""

    __slots__ = ("attempts", "command_id", "commands", "digest", "future", "loop", "origin", "streams")

    def __init__(
        self,
        commands: tuple[Command, ...],
        origin: Origin,
        future: asyncio.Future[Receipt] | Future[Receipt],
        loop: asyncio.AbstractEventLoop | None,
    ) -> None:
        """Queue nothing yet.

        Raises:
            LimitRefusal: A text of the commands can't be kept.
        """
        self.commands = commands
        self.origin = origin
        self.future = future
        self.loop = loop
        """Where the caller waits; None: in a thread."""
        self.command_id = origin.command_id or uuid4()
        try:
            check_text(origin.actor)
            self.streams = [command.stream_id for command in commands]
            self.digest = b"" if origin.command_id is None else digest_of(commands)
            """Empty: the command id is not the caller's, so nobody can repeat it."""
        except (LimitError, UnicodeEncodeError, RecursionError) as error:
            # neither an id nor a digest can be made of what no fact could hold
            raise LimitRefusal(str(error)) from error
        self.attempts = 0

    def resolve(self, receipt: Receipt | None, error: BaseException | None) -> None:
        """Answer the caller, on the caller's own loop; one who has gone away is no fault."""
        future = self.future
        if future.done():
            return
        if error is not None:
            future.set_exception(error)
        elif receipt is not None:
            future.set_result(receipt)


def digest_of(commands: tuple[Command, ...]) -> bytes:
    """A digest of 16 bytes over the kinds and fields of the commands, without the conditions that they are under."""
    said = hashlib.blake2b(digest_size=16)
    for command in commands:
        if command.IS_CONDITION:
            continue
        said.update(type(command).__name__.encode())
        said.update(_encode(command.as_asked()))
    return said.digest()
