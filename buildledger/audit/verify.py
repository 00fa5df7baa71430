"""Recomputes from stored bytes all that is claimed about them, and names what doesn't fit."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence

import sqlalchemy as sa

from buildledger.audit.checks import ChainCheck, HeadCheck, Mismatch, PublishedHead, TreeCheck, first_line
from buildledger.audit.inspection import Inspection
from buildledger.audit.report import Check, Contradicted, Finding, Report, Skipped
from buildledger.events.catalogue import stored_names
from buildledger.events.codec import MalformedFactError, UnknownFactError
from buildledger.events.fact import Recorded
from buildledger.events.projection import ProjectionSkipped
from buildledger.events.worker import WorkerLedgerContradicted
from buildledger.ledger.errors import StoreError
from buildledger.ledger.ledger import recorded
from buildledger.ledger.merkle import Frontier
from buildledger.ledger.proof import Tree
from buildledger.ledger.store import FactQuery, FactStore, StoredFact
from buildledger.wording import plural

BATCH_FACTS = 2_000
SKIPPED_SHOWN = 100
NO_FACT = (TypeError, ValueError, AttributeError, OverflowError)
"""What a row leads to whose columns hold something else than they should."""
UNREADABLE_MAX = 1_000
"""Rows that can't be read, each by itself, before the rest is given up."""
INSPECTED = frozenset(
    {
        Check.LOGS,
        Check.ARTIFACTS,
        Check.VAULT,
        Check.COMMANDS,
        Check.CHECKPOINTS,
        Check.READ_MODELS,
        Check.FILES,
    }
)
"""What is checked only if there is an inspection for it."""


def verify(
    store: FactStore,
    tree: Tree,
    *,
    trusted: Collection[str] = (),
    published: Sequence[PublishedHead] = (),
    inspections: Sequence[Inspection] = (),
    progress: Callable[[int], None] = lambda position: None,
) -> Report:
    """Check positions, chain, versions, decoding, tree and signed heads, and run the inspections along with that.

    Each of the ledger's own checks reports its first finding, an inspection each. `trusted` are the public keys that
    heads must be signed by; without any, a head is checked with the key beside it, which shows damage but no forgery by
    whoever controls the database. `progress` is told positions now and then. The server may go on writing meanwhile.
    Raises nothing about what is stored: what can't be read is a finding.
    """
    verification = _Verification(store, inspections)
    try:
        verification.run(tree, HeadCheck(tree, published, frozenset(trusted)), progress)
    except (StoreError, sa.exc.SQLAlchemyError, LookupError) as error:
        verification.find(Check.DATABASE, verification.position + 1, f"reading ends here: {first_line(error)}")
    verification.close()
    return verification.report(trusted)


class _Verification:
    def __init__(self, store: FactStore, inspections: Sequence[Inspection]) -> None:
        self._store = store
        self._inspections = inspections
        self._wanted: dict[str, list[Inspection]] = {}
        for inspection in inspections:
            for name in stored_names(*inspection.facts):
                self._wanted.setdefault(name, []).append(inspection)
        self._first: dict[Check, Finding] = {}
        self._inspected: list[Finding] = []
        self._frontier = Frontier()
        self._chain_head = b""
        self._heads_checked = 0
        self._skipped: list[Skipped] = []
        self._contradicted: list[Contradicted] = []
        self.position = 0
        """Everything up to here was read."""

    def run(self, tree: Tree, heads: HeadCheck, progress: Callable[[int], None]) -> None:
        """Read everything once, in order."""
        chain, leaves = ChainCheck(self._store), TreeCheck(tree)
        for batch in self._batches():
            for fact in batch:
                try:
                    self._take(fact, chain, leaves, heads)
                except NO_FACT as error:
                    self.find(Check.DATABASE, fact.position, f"the row holds something else than a fact: {error}")
            progress(self.position)
        self._chain_head, self._heads_checked = chain.head, heads.authentic
        self._check(Check.CHAIN, chain.close(self.position))
        self._ends(leaves.size, heads.largest())
        self._check(Check.TREE, leaves.unreadable)
        self._check(Check.HEADS, heads.unreadable)
        out_of_order = self._store.first_out_of_order()
        if out_of_order is not None:
            self.find(Check.VERSIONS, out_of_order, "it doesn't follow the previous version of its stream")

    def close(self) -> None:
        """Let the inspections look at what is left."""
        for inspection in self._inspections:
            self._inspected += inspection.close()

    def find(self, check: Check, position: int, detail: str, last: int | None = None) -> None:
        """Note what doesn't fit, unless this check has found something already."""
        finding = Finding(check=check, position=position, last=position if last is None else last, detail=detail)
        self._first.setdefault(check, finding)

    def report(self, trusted: Collection[str]) -> Report:
        """The report on everything that was read."""
        findings = [*self._first.values(), *self._inspected]
        done = {inspection.check for inspection in self._inspections}
        return Report(
            facts=self._frontier.size,
            chain_head=self._chain_head.hex(),
            root=self._frontier.root().hex(),
            heads_checked=self._heads_checked,
            trusted=tuple(sorted(trusted)),
            findings=tuple(sorted(findings, key=lambda finding: finding.position)),
            unchecked=tuple(sorted(INSPECTED - done)),
            skipped=tuple(sorted(self._skipped, key=lambda one: one.position)),
            contradicted=tuple(self._contradicted),
            read={inspection.noun: inspection.count for inspection in self._inspections},
        )

    def _batches(self) -> Iterator[Sequence[StoredFact]]:
        """All facts that can be read; a row that can't is a finding, and those after it are read all the same."""
        unreadable = after = 0
        limit = BATCH_FACTS
        while True:
            try:
                batch = self._store.select_facts(FactQuery(after=after), limit)
            except StoreError as error:
                # a database that is away answers nothing at all
                if unreadable == UNREADABLE_MAX or self._store.head() <= after:
                    raise
                if limit > 1:
                    limit = max(1, limit // 8)
                    continue
                unreadable += 1
                after += 1
                self.find(Check.DATABASE, after, f"the row can't be read: {error}")
                limit = BATCH_FACTS
                continue
            if not batch:
                return
            yield batch
            after, limit = batch[-1].position, BATCH_FACTS

    def _take(self, fact: StoredFact, chain: ChainCheck, leaves: TreeCheck, heads: HeadCheck) -> None:
        position = fact.position
        if position != self.position + 1:
            gone = position - self.position - 1
            missing = f"{plural(gone, 'fact')} {'is' if gone == 1 else 'are'} missing before position {position}"
            self.find(Check.POSITIONS, self.position + 1, missing)
        self.position = position
        decoded = self._decoded(fact)
        leaf = fact.leaf_hash
        self._frontier.append(leaf)
        self._check(Check.CHAIN, chain.check(position, leaf))
        root = self._frontier.root() if position == leaves.size == self._frontier.size else None
        self._check(Check.TREE, leaves.check(position, leaf, root))
        for head in heads.at(position):
            self._check(Check.HEADS, heads.check(position, self._frontier.root(), head))
        if decoded is not None and (wanted := self._wanted.get(fact.name)) is not None:
            for inspection in wanted:
                self._inspected += inspection.see(decoded)

    def _check(self, check: Check, mismatch: Mismatch | None) -> None:
        if mismatch is not None:
            self.find(check, mismatch.position, mismatch.detail, mismatch.last)

    def _decoded(self, stored: StoredFact) -> Recorded | None:
        try:
            decoded = recorded(stored)
        except (UnknownFactError, MalformedFactError) as error:
            self.find(Check.DECODING, self.position, str(error))
            return None
        fact = decoded.fact
        if type(fact) is ProjectionSkipped and len(self._skipped) < SKIPPED_SHOWN:
            skipped = Skipped(reader=fact.reader, position=fact.position, fact=fact.fact, reason=fact.reason)
            self._skipped.append(skipped)
        if type(fact) is WorkerLedgerContradicted and len(self._contradicted) < SKIPPED_SHOWN:
            self._contradicted.append(
                Contradicted(
                    worker=fact.worker,
                    position=decoded.position,
                    head_position=fact.head_position,
                    head_digest=fact.head_digest,
                    ledger_position=fact.ledger_position,
                )
            )
        return decoded

    def _ends(self, tree_size: int, largest_head: int) -> None:
        """Look for facts that are gone from the end: something still speaks of them."""
        head = self._store.head()
        if tree_size > head:
            self.find(Check.TREE, head + 1, f"the tree holds {plural(tree_size, 'fact')}, the ledger ends at {head}")
        if largest_head > head:
            self.find(
                Check.HEADS, head + 1, f"a signed head covers {plural(largest_head, 'fact')}, the ledger ends at {head}"
            )
