"""What an audit found, for people and for programs."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Check(StrEnum):
    """One way in which the ledger can be wrong."""

    POSITIONS = "positions"
    CHAIN = "chain"
    VERSIONS = "versions"
    DECODING = "decoding"
    TREE = "tree"
    HEADS = "heads"
    DATABASE = "database"


MEANING = {
    Check.POSITIONS: "positions are contiguous from 1",
    Check.CHAIN: "every commit follows from the one before and from its own facts",
    Check.VERSIONS: "every stream's versions are contiguous from 1, in the order of positions",
    Check.DECODING: "every fact is one that this version of Build Ledger knows",
    Check.TREE: "the Merkle tree's stored nodes follow from the facts",
    Check.HEADS: "every signed tree head is authentic and is the root over the facts it covers",
    Check.DATABASE: "the database can be read to the end",
}


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """The first place where a check fails."""

    check: Check
    position: int
    last: int
    """The same, or where the range ends within which the check can't tell."""
    detail: str


class Skipped(msgspec.Struct, frozen=True, kw_only=True):
    """A fact that a reader went on without."""

    reader: str
    position: int
    fact: str
    """The name it is stored under."""
    reason: str


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
    skipped: tuple[Skipped, ...] = ()
    """Facts that a reader has set aside, by position: nothing was altered, but its read model is without them."""

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
        return msgspec.json.format(
            msgspec.json.encode({"ok": self.ok, "first_position": self.first_position, **fields})
        )

    def to_text(self) -> str:
        """The report as lines of text, for people."""
        found = {finding.check: finding for finding in self.findings}
        lines = [f"{self.facts} facts, {self.heads_checked} signed tree heads"]
        for check, meaning in MEANING.items():
            finding = found.get(check)
            if finding is None:
                lines.append(f"  ok      {check:<10} {meaning}")
            else:
                lines.append(f"  FAILED  {check:<10} position {finding.position}: {finding.detail}")
        for skipped in self.skipped:
            what = f"position {skipped.position} ({skipped.fact}), set aside by {skipped.reader}: {skipped.reason}"
            lines.append(f"  SKIPPED {what}")
        lines.append(f"chain head  {self.chain_head}")
        lines.append(f"tree root   {self.root}")
        if self.ok:
            lines.append("The ledger is what it was.")
        else:
            lines.append(f"The first position that doesn't fit is {self.first_position}.")
        return "\n".join(lines)
