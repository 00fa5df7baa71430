"""Recomputes from stored bytes all that is claimed about them, and names the first position that doesn't fit."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

import sqlalchemy as sa

from buildledger.audit.checks import ChainCheck, HeadCheck, Mismatch, PublishedHead, TreeCheck
from buildledger.audit.report import Check, Finding, Report, Skipped
from buildledger.events.codec import MalformedFactError, UnknownFactError, decode
from buildledger.events.projection import ProjectionSkipped
from buildledger.ledger.errors import StoreError
from buildledger.ledger.merkle import Frontier
from buildledger.ledger.proof import Tree
from buildledger.ledger.store import FactQuery, FactStore

BATCH_FACTS = 2_000
SKIPPED_SHOWN = 100


def verify(
    store: FactStore,
    tree: Tree,
    *,
    trusted: Collection[str] = (),
    published: Sequence[PublishedHead] = (),
    progress: Callable[[int], None] = lambda position: None,
) -> Report:
    """Check positions, chain, versions, decoding, tree and signed heads; each check reports its first finding.

    `trusted` are the public keys that heads must be signed by; without any, a head is checked with the key beside it,
    which shows damage but no forgery by whoever controls the database. `progress` is told positions now and then.
    The server may go on writing meanwhile. Raises nothing about the ledger: what can't be read is a finding.
    """
    verification = _Verification(store)
    try:
        verification.run(tree, HeadCheck(tree, published, frozenset(trusted)), progress)
    except (StoreError, sa.exc.SQLAlchemyError, LookupError) as error:
        verification.find(Check.DATABASE, verification.position + 1, f"what is stored can't be read: {error}")
    return verification.report(trusted)


class _Verification:
    def __init__(self, store: FactStore) -> None:
        self._store = store
        self._findings: dict[Check, Finding] = {}
        self._frontier = Frontier()
        self._chain_head = b""
        self._heads_checked = 0
        self._skipped: list[Skipped] = []
        self.position = 0
        """Everything up to here was read."""

    def run(self, tree: Tree, heads: HeadCheck, progress: Callable[[int], None]) -> None:
        """Read everything once, in order."""
        chain, leaves = ChainCheck(self._store), TreeCheck(tree)
        while batch := self._store.select_facts(FactQuery(after=self.position), BATCH_FACTS):
            for fact in batch:
                if fact.position != self.position + 1:
                    missing = f"{fact.position - self.position - 1} facts are missing before position {fact.position}"
                    self.find(Check.POSITIONS, self.position + 1, missing)
                self.position = fact.position
                self._decodable(fact.name, fact.body)
                leaf = fact.leaf_hash
                self._frontier.append(leaf)
                self._check(Check.CHAIN, chain.check(fact.position, leaf))
                root = self._frontier.root() if fact.position == leaves.size == self._frontier.size else None
                self._check(Check.TREE, leaves.check(fact.position, leaf, root))
                for head in heads.at(fact.position):
                    self._check(Check.HEADS, heads.check(fact.position, self._frontier.root(), head))
            progress(self.position)
        self._chain_head, self._heads_checked = chain.head, heads.authentic
        self._check(Check.CHAIN, chain.close(self.position))
        self._ends(leaves.size, heads.largest())
        out_of_order = self._store.first_out_of_order()
        if out_of_order is not None:
            self.find(Check.VERSIONS, out_of_order, "it doesn't follow the previous version of its stream")

    def find(self, check: Check, position: int, detail: str, last: int | None = None) -> None:
        """Note what doesn't fit, unless this check has found something already."""
        finding = Finding(check=check, position=position, last=position if last is None else last, detail=detail)
        self._findings.setdefault(check, finding)

    def report(self, trusted: Collection[str]) -> Report:
        """The report on everything that was read."""
        return Report(
            facts=self._frontier.size,
            chain_head=self._chain_head.hex(),
            root=self._frontier.root().hex(),
            heads_checked=self._heads_checked,
            trusted=tuple(sorted(trusted)),
            skipped=tuple(sorted(self._skipped, key=lambda one: one.position)),
            findings=tuple(sorted(self._findings.values(), key=lambda finding: finding.position)),
        )

    def _check(self, check: Check, mismatch: Mismatch | None) -> None:
        if mismatch is not None:
            self.find(check, mismatch.position, mismatch.detail, mismatch.last)

    def _decodable(self, name: str, body: bytes) -> None:
        try:
            fact, _ = decode(name, body)
            if isinstance(fact, ProjectionSkipped) and len(self._skipped) < SKIPPED_SHOWN:
                skipped = Skipped(reader=fact.reader, position=fact.position, fact=fact.fact, reason=fact.reason)
                self._skipped.append(skipped)
        except (UnknownFactError, MalformedFactError) as error:
            self.find(Check.DECODING, self.position, str(error))

    def _ends(self, tree_size: int, largest_head: int) -> None:
        """Look for facts that are gone from the end: something still speaks of them."""
        head = self._store.head()
        if tree_size > head:
            self.find(Check.TREE, head + 1, f"the tree holds {tree_size} facts, the ledger ends at {head}")
        if largest_head > head:
            self.find(Check.HEADS, head + 1, f"a signed head covers {largest_head} facts, the ledger ends at {head}")
