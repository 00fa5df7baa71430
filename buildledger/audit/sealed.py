"""Whether all that seals speak of is there as it was: signed heads, and the commands that clients have named."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from uuid import UUID

from buildledger.audit.checks import UNREADABLE, first_line
from buildledger.audit.report import Check, Finding
from buildledger.events.codec import MalformedFactError, UnknownFactError, decode
from buildledger.events.fact import Fact, Recorded
from buildledger.events.seal import HeadDigest, SealMade
from buildledger.ledger.errors import StoreError
from buildledger.ledger.proof import Tree
from buildledger.ledger.sealing import commands_digest, head_digest
from buildledger.ledger.store import FactQuery, FactStore, KnownCommand

BATCH_COMMANDS = 1_000


class SealedHeads:
    """See `Inspection`. Heads that no seal names yet are those of the last seconds."""

    check = Check.HEADS
    noun = "sealed heads"
    facts: Sequence[type[Fact]] = (SealMade,)

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._unreadable = False
        self.count = 0

    def see(self, seen: Recorded) -> Iterator[Finding]:
        """See `Inspection`."""
        assert isinstance(seen.fact, SealMade)
        for sealed in seen.fact.heads:
            self.count += 1
            if not self._unreadable and (problem := self._problem(sealed)):
                yield Finding(
                    check=Check.HEADS,
                    position=seen.position,
                    last=seen.position,
                    subject=f"head of size {sealed.size}",
                    detail=problem,
                    affects=f"nobody can show with it that facts 1 to {sealed.size} are what they were",
                )

    def close(self) -> Iterator[Finding]:
        """See `Inspection`."""
        yield from ()

    def _problem(self, sealed: HeadDigest) -> str:
        try:
            stored = [each for each in self._tree.heads(sealed.size - 1, BATCH_COMMANDS) if each[0] == sealed.size]
        except UNREADABLE as error:
            self._unreadable = True
            return f"no head can be read, the proofs are missing or damaged: {first_line(error)}"
        if any(head_digest(verifier, note) == sealed.sha256 for _, verifier, note in stored):
            return ""
        return "it isn't the one that was kept" if stored else "it was kept, and is gone"


class NamedCommands:
    """See `Inspection`: what became of commands with an id of their own, by which a repetition is recognised."""

    check = Check.COMMANDS
    noun = "named commands"
    facts: Sequence[type[Fact]] = (SealMade,)

    def __init__(self, store: FactStore) -> None:
        self._store = store
        self.count = 0

    def see(self, seen: Recorded) -> Iterator[Finding]:
        """See `Inspection`."""
        seal = seen.fact
        assert isinstance(seal, SealMade)
        try:
            commands = self._store.commands(seal.commands_from, seal.commands_before)
            digest = commands_digest(commands)
        except (StoreError, TypeError) as error:
            commands, digest = (), f"unreadable: {error}"
        if (len(commands), digest) != (seal.command_count, seal.commands_sha256):
            between = f"at positions {seal.commands_from} to {seal.commands_before - 1}"
            yield _finding(
                seen.position,
                f"commands {between}",
                f"{len(commands)} are stored, {seal.command_count} were sealed, and their digest is another one",
            )

    def close(self) -> Iterator[Finding]:
        """See `Inspection`: each is compared with its facts."""
        try:
            for command_id, known in self._store.commands(0, self._store.head() + 1):
                self.count += 1
                if problem := self._problem(command_id, known):
                    yield _finding(known.position, f"command {command_id}", problem)
            beyond = self._store.commands(self._store.head() + 1, 1 << 62)
        except (StoreError, TypeError) as error:
            yield _finding(1, "commands", f"they can't be read: {error}")
            return
        for command_id, known in beyond:
            yield _finding(known.position, f"command {command_id}", "its facts are beyond the ledger's end")

    def _problem(self, command_id: UUID, known: KnownCommand) -> str:
        if known.fact_count == 0:
            return ""
        if not 0 < known.fact_count <= known.position:
            return f"it can't have decided {known.fact_count} facts up to position {known.position}"
        first = known.position - known.fact_count + 1
        ends = {first, known.position}
        for position in sorted(ends):
            for stored in self._store.select_facts(FactQuery(after=position - 1, last=position), 1):
                try:
                    _, meta = decode(stored.name, stored.body)
                except (UnknownFactError, MalformedFactError):
                    continue
                if meta.command_id != command_id:
                    return f"the fact at position {position} was decided by another command, {meta.command_id}"
        return ""


def _finding(position: int, subject: str, detail: str) -> Finding:
    affects = "a client that repeats a command may be told something wrong, or have it done twice"
    return Finding(
        check=Check.COMMANDS, position=position, last=position, subject=subject, detail=detail, affects=affects
    )
