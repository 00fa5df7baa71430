"""What an audit found, for people and for programs."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum

import msgspec

from buildledger.wording import plural

SHOWN_MAX = 20
"""Findings of one check that are shown to people; programs get all of them."""


class Check(StrEnum):
    """One way in which what is stored can be wrong."""

    POSITIONS = "positions"
    CHAIN = "chain"
    VERSIONS = "versions"
    DECODING = "decoding"
    TREE = "tree"
    HEADS = "heads"
    DATABASE = "database"
    LOGS = "logs"
    ARTIFACTS = "artifacts"
    VAULT = "vault"
    COMMANDS = "commands"
    CHECKPOINTS = "checkpoints"
    READ_MODELS = "read-models"
    FILES = "files"


MEANING = {
    Check.POSITIONS: "positions are contiguous from 1",
    Check.CHAIN: "every commit follows from the one before and from its own facts",
    Check.VERSIONS: "every stream's versions are contiguous from 1, in the order of positions",
    Check.DECODING: "every fact is one that this version of Build Ledger knows",
    Check.TREE: "the Merkle tree's stored nodes follow from the facts",
    Check.HEADS: "every signed tree head is there, is authentic, and is the root over the facts it covers",
    Check.DATABASE: "the database can be read to the end",
    Check.LOGS: "every log is there, with the bytes that its fact says",
    Check.ARTIFACTS: "every artifact that is kept is there, with the bytes that its fact says",
    Check.VAULT: "every text about a person or a change is there and can be read with its own key",
    Check.COMMANDS: "every command that a client has named is kept as it was decided",
    Check.CHECKPOINTS: "what followers of the ledger remember is what they have stored",
    Check.READ_MODELS: "every row of the read models is one that the facts make, and none is missing",
    Check.FILES: "every SQLite file is well-formed, and all indexes agree with their tables",
}

_RESTORE = "restore {} from a backup, beside the ledger as it is"
ADVICE = {
    Check.LOGS: _RESTORE.format("logs/"),
    Check.ARTIFACTS: f"{_RESTORE.format('artifacts/')}, or build again what is needed",
    Check.VAULT: _RESTORE.format("vault.db (the schema vault)"),
    Check.CHECKPOINTS: "nothing has to be done: it isn't used, and the facts are read instead at the next start",
    Check.READ_MODELS: "`buildledger projections rebuild all` makes them anew from the facts",
    Check.FILES: (
        "make a damaged index of PostgreSQL anew (REINDEX) and verify again; of files, stop the server: `views/` can be"
        " deleted and is made anew; for any other file keep the state directory as it"
        " is, and restore all of it from a backup"
    ),
    Check.DATABASE: "restore ledger.db (the schema ledger) from a backup that ends at or after the last signed head",
}
"""What to do about findings, where it isn't what `LEDGER_ADVICE` says."""
LEDGER_ADVICE = (
    "keep the state directory as it is for whoever has to find out who changed it, and restore all of it from a backup"
    " that `buildledger audit verify` finds nothing wrong with"
)


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """A place where a check fails: of the ledger's own checks the first, of all others each."""

    check: Check
    position: int
    """Of the fact that says otherwise."""
    last: int
    """The same, or where the range ends within which the check can't tell."""
    detail: str
    subject: str = ""
    """What is wrong, for people: `log 4f… of build 12 of app (pytest, stdout)`."""
    affects: str = ""
    """What can't be relied on any more because of it."""

    @property
    def advice(self) -> str:
        """What to do about it."""
        return ADVICE.get(self.check, LEDGER_ADVICE)


class Skipped(msgspec.Struct, frozen=True, kw_only=True):
    """A fact that a reader went on without."""

    reader: str
    position: int
    fact: str
    """The name it is stored under."""
    reason: str


class Contradicted(msgspec.Struct, frozen=True, kw_only=True):
    """A worker came with a head that this ledger didn't hold: it was restored from a backup, or altered."""

    worker: str
    position: int
    """Of the fact that says so."""
    head_position: int
    """Up to where the ledger had been known."""
    head_digest: str
    ledger_position: int
    """Where it ended then."""


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What a verification read and what it found wrong."""

    facts: int
    chain_head: str
    """Recomputed, in hex."""
    root: str
    """Of the Merkle tree over all facts, recomputed, in hex."""
    heads_checked: int
    """How many signed heads are authentic."""
    trusted: tuple[str, ...]
    """The public keys that heads had to be signed by; empty: those that stand beside them."""
    findings: tuple[Finding, ...]
    """By position."""
    unchecked: tuple[Check, ...] = ()
    """What was not looked at."""
    skipped: tuple[Skipped, ...] = ()
    """Facts that a reader has set aside, by position: nothing was altered, but its read model is without them."""
    contradicted: tuple[Contradicted, ...] = ()
    """What workers said of the ledger, by position: no finding, for a restored backup is no alteration."""
    read: dict[str, int] = {}
    """How many of each other thing were looked at: logs, artifacts, …"""

    @property
    def ok(self) -> bool:
        """Whether no check found anything wrong."""
        return not self.findings

    @property
    def first_position(self) -> int | None:
        """The first position that doesn't fit, as exactly as all checks together can tell; None if all fit."""
        if self.ok:
            return None
        earliest = self.findings[0]
        exact = [f.position for f in self.findings if f.position == f.last and f.position <= earliest.last]
        return min(exact, default=earliest.position)

    def to_json(self) -> bytes:
        """The report as JSON, for programs."""
        fields = msgspec.structs.asdict(self)
        findings = [{**msgspec.structs.asdict(finding), "advice": finding.advice} for finding in self.findings]
        return msgspec.json.format(
            msgspec.json.encode({"ok": self.ok, "first_position": self.first_position, **fields, "findings": findings})
        )

    def to_text(self) -> str:
        """The report as lines of text, for people."""
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        also = "".join(f", {plural(count, noun.removesuffix('s'))}" for noun, count in self.read.items())
        yield f"{plural(self.facts, 'fact')}, {plural(self.heads_checked, 'signed tree head')}{also}"
        for check, meaning in MEANING.items():
            found = [finding for finding in self.findings if finding.check == check]
            if check in self.unchecked:
                yield f"  -       {check:<11} {meaning}"
            elif not found:
                yield f"  ok      {check:<11} {meaning}"
            else:
                yield f"  FAILED  {check:<11} {_told(found[0])}"
                yield from (f"{'':22}{_told(finding)}" for finding in found[1:SHOWN_MAX])
                if len(found) > SHOWN_MAX:
                    yield f"{'':22}and {len(found) - SHOWN_MAX} more: --json names them all"
        for skipped in self.skipped:
            what = f"position {skipped.position} ({skipped.fact}), set aside by {skipped.reader}: {skipped.reason}"
            yield f"  SKIPPED {what}"
        for said in self.contradicted:
            here = (
                f"it ended at {said.ledger_position}"
                if said.ledger_position < said.head_position
                else "other facts were there"
            )
            yield (
                f"  NOTED   position {said.position}: worker {said.worker} came with a head of position"
                f" {said.head_position}, and {here}: a backup was restored then, or the ledger was altered"
            )
        yield f"chain head  {self.chain_head}"
        yield f"tree root   {self.root}"
        if self.ok:
            yield "The ledger is what it was." if self.unchecked else "The ledger and all beside it are what they were."
            return
        yield f"The first position that doesn't fit is {self.first_position}."
        for advice in dict.fromkeys(finding.advice for finding in self.findings):
            of = ", ".join(dict.fromkeys(f.check for f in self.findings if f.advice == advice))
            yield f"What to do ({of}): {advice}."


def _told(finding: Finding) -> str:
    subject = f"{finding.subject}: " if finding.subject else ""
    affects = f"; {finding.affects}" if finding.affects else ""
    return f"position {finding.position}: {subject}{finding.detail}{affects}"
