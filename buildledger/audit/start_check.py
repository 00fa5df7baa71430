"""Whether a server may go on with a ledger: it must not contradict what was signed, counted and sealed.

Costs a fraction of a second however long the ledger is: its end is read closely, and of the rest what is counted. The
whole of it is what `verify` reads.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence

from buildledger.audit.checks import BATCH_HEADS, BATCH_LINKS, UNREADABLE, first_line
from buildledger.audit.report import Finding
from buildledger.audit.vault_texts import VaultTexts
from buildledger.events.catalogue import stored_names
from buildledger.events.codec import MalformedFactError, UnknownFactError, decode
from buildledger.ledger.ledger import recorded
from buildledger.ledger.proof import Tree
from buildledger.ledger.signing import HeadSignatureError, read_head
from buildledger.ledger.store import GENESIS, ChainLink, FactQuery, FactStore, StoredFact, extend_chain
from buildledger.ledger.vault_reading import FORGOTTEN, VaultReader

CLOSELY = 20_000
"""How many facts at the ledger's end are read."""
TEXTS = 2_000
"""How many of the newest texts of the vault are read."""
BATCH_FACTS = 5_000


class DamagedError(Exception):
    """What is stored contradicts itself, so that no server may go on with it."""

    def __init__(self, where: object, found: Sequence[str]) -> None:
        listed = "\n".join(f"  - {line}" for line in found)
        super().__init__(
            f"what is stored in {where} contradicts itself, so the server doesn't start:\n{listed}\n"
            "Keep it as it is for whoever has to find out why, and restore all of it from a backup. `buildledger audit"
            " verify` names all that differs; `buildledger serve --accept-damage` starts all the same"
        )


def contradictions(store: FactStore, tree: Tree | None, vault: VaultReader) -> Sequence[str]:
    """What is wrong, a line each; empty if nothing was found. `tree`: None if there never was one.

    Other servers may be writing.

    Raises:
        StoreError: The ledger can't be read, or not at the moment.
    """
    found = list(_ends(store, tree))
    if not found:
        # what is cut contradicts everything after it, which says no more
        found += _last_facts(store, tree)
    return [*found, *_texts(store, vault)]


def missing_facts(store: FactStore, tree: Tree) -> int:
    """How many facts the tree was made over that are gone from the ledger's end."""
    size = tree.size()
    return max(0, size - store.head())


def _ends(store: FactStore, tree: Tree | None) -> Iterator[str]:
    count, head = store.count()
    if count != head:
        yield f"{head - count} facts are missing: the last one has position {head}, and there are {count}"
    links = store.chain(head - 1, 2)
    if head and (not links or links[0].last_position != head):
        end = f"position {links[0].last_position}" if links else "an earlier position"
        yield f"the chain of commits ends at {end}, the facts at {head}"
    elif links and links[-1].last_position > (now := store.head()):
        yield f"the chain of commits ends at position {links[-1].last_position}, the facts at {now}"
    if tree is None:
        return
    try:
        if missing := missing_facts(store, tree):
            yield f"the last {missing} facts are missing: the Merkle tree was made over {store.head() + missing}"
            return
        yield from _heads(store, tree)
    except UNREADABLE as error:
        yield f"the proofs (proof.db, or the schema proof) can't be read: {first_line(error)}"


def _heads(store: FactStore, tree: Tree) -> Iterator[str]:
    for size, verifier, note in tree.newest_heads(BATCH_HEADS):
        if size > (head := store.head()):
            yield f"the last {size - head} facts are missing: a head was signed over {size}, there are {head}"
            return
        try:
            signed = read_head(note, verifier)
        except HeadSignatureError as error:
            yield f"the signed head of size {size} isn't what was signed: {error}"
            continue
        if signed.size != size or (size <= tree.size() and signed.root != tree.root(size)):
            yield f"the head of size {size}, signed at {signed.signed_at.isoformat()}, has another root than the tree"


def _last_facts(store: FactStore, tree: Tree | None) -> Iterator[str]:
    """The end of the ledger, fact by fact: each can be read, is the tree's leaf, and its commit is in the chain."""
    begin = _Chain(store, max(0, store.head() - CLOSELY))
    leaves = _Leaves(tree)
    after = begin.position
    while facts := _batch(store, after):
        for fact in facts:
            try:
                leaf = fact.leaf_hash
                decode(fact.name, fact.body)
            except (
                MalformedFactError,
                UnknownFactError,
                TypeError,
                ValueError,
                AttributeError,
                OverflowError,
            ) as error:
                yield f"the fact at position {fact.position} can't be read: {first_line(error)}"
                return
            if leaves.at(fact.position - 1) not in (leaf, None):
                yield f"the fact at position {fact.position} isn't the one that the Merkle tree was made of"
                return
            if (wrong := begin.take(fact.position, leaf)) is not None:
                yield wrong
                return
        after = facts[-1].position


class _Leaves:
    """The tree's leaves, asked for in ascending order."""

    def __init__(self, tree: Tree | None) -> None:
        self._tree = tree
        self._size = 0 if tree is None else tree.size()
        self._first = 0
        self._read: Sequence[bytes] = ()

    def at(self, index: int) -> bytes | None:
        """The leaf; None beyond the tree's end. Empty where the tree should have one and has none."""
        if self._tree is None or index >= self._size:
            return None
        if not self._first <= index < self._first + len(self._read):
            self._first, self._read = index, self._tree.leaves(index, BATCH_FACTS)
        return self._read[index - self._first] if self._read else b""


class _Chain:
    """The chain from one of its links on."""

    def __init__(self, store: FactStore, after: int) -> None:
        before = store.chain(after - 1, 1) if after else ()
        self.position = before[0].last_position if before else 0
        self._head = before[0].head if before else GENESIS
        self._links: deque[ChainLink] = deque()
        self._store = store
        self._previous = self._head

    def take(self, position: int, leaf: bytes) -> str | None:
        """Take the next fact, and say what is wrong with the commit that ends with it."""
        self._head = extend_chain(self._head, [leaf])
        if not self._links:
            self._links = deque(self._store.chain(position - 1, BATCH_LINKS))
        if not self._links or self._links[0].last_position > position:
            return None
        link = self._links.popleft()
        if (link.previous, link.head) != (self._previous, self._head):
            return f"the commit that ends at position {position} isn't the one that the chain holds"
        self._previous = self._head
        return None


def _batch(store: FactStore, after: int) -> Sequence[StoredFact]:
    return store.select_facts(FactQuery(after=after), BATCH_FACTS)


def _texts(store: FactStore, vault: VaultReader) -> Iterator[str]:
    """The newest texts about people and changes."""
    texts = VaultTexts(vault)
    found: list[Finding] = []
    names = stored_names(*texts.facts)
    for stored in store.select_facts(FactQuery(names=names, descending=True), TEXTS):
        try:
            found += texts.see(recorded(stored))
        except (MalformedFactError, UnknownFactError):
            continue
    found += texts.close()
    found = [finding for finding in found if finding.detail != FORGOTTEN.problem]
    if found:
        first = found[0]
        what = f"{first.subject} (position {first.position}): {first.detail}"
        yield f"{len(found)} of the newest texts in the vault (vault.db, or the schema vault): {what}"
