"""Digests of what stands beside the facts, and the seals that keep them in facts."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from uuid import UUID

from buildledger.domain.seal import AGGREGATE, MakeSeal, SealState
from buildledger.events.ids import SEAL_STREAM
from buildledger.events.seal import HeadDigest, SealMade
from buildledger.ledger.ledger import Ledger
from buildledger.ledger.proof import Tree
from buildledger.ledger.store import KnownCommand
from buildledger.ledger.submission import Origin

HEADS_MAX = 1_000
"""Heads in one seal; more than one or two only where an earlier version has signed them."""


def head_digest(verifier: str, note: str) -> str:
    """The digest of a signed head."""
    return hashlib.sha256(f"{verifier}\n{note}".encode()).hexdigest()


def commands_digest(commands: Sequence[tuple[UUID, KnownCommand]]) -> str:
    """The digest of commands, in the order of positions and ids."""
    hasher = hashlib.sha256()
    for command_id, known in commands:
        hasher.update(command_id.bytes + known.digest + b"%d %d\n" % (known.position, known.fact_count))
    return hasher.hexdigest()


def make_seal(ledger: Ledger, tree: Tree) -> None:
    """Seal what was kept since the last seal, and let the tree take it in. Blocks.

    Raises:
        LedgerUnavailable
        PersistenceError
        SQLAlchemyError
    """
    state: SealState = ledger.load(AGGREGATE, SEAL_STREAM)[0]
    # what stands before the last position is final: every later commit stands behind it
    before = max(state.commands_before, ledger.store.head())
    commands = ledger.store.commands(state.commands_before, before)
    seal = SealMade(
        heads=tuple(
            HeadDigest(size=size, sha256=head_digest(verifier, note))
            for size, verifier, note in tree.heads(state.heads_size, HEADS_MAX)
        ),
        commands_from=state.commands_before,
        commands_before=before,
        command_count=len(commands),
        commands_sha256=commands_digest(commands),
    )
    ledger.execute_blocking(MakeSeal(seal=seal), origin=Origin(actor="system"))
    tree.catch_up()
