"""What a server keeps, opened from its settings and closed with it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import AsyncExitStack, closing, suppress
from dataclasses import dataclass
from functools import partial

from buildledger.audit.start_check import DamagedError, contradictions, missing_facts
from buildledger.clock import Clock
from buildledger.composition.other_stores import OtherServersStores
from buildledger.composition.servers import machine_of
from buildledger.ledger.database import is_there, open_store, path_beside
from buildledger.ledger.errors import DATABASE_ERRORS
from buildledger.ledger.ledger import Ledger
from buildledger.ledger.proof import Tree
from buildledger.ledger.signing import HeadKey, SignedHead
from buildledger.ledger.sqlite_connection import in_the_way
from buildledger.ledger.tree_head_signer import TreeHeadSigner
from buildledger.ledger.vault import Vault
from buildledger.ledger.vault_reading import VaultReader
from buildledger.logs.artifacts_shared import SharedArtifactStore
from buildledger.logs.local import LocalLogStore
from buildledger.logs.shared import LOGS, SharedLogStore
from buildledger.peers.identity import access_token
from buildledger.projections.projector import Projector
from buildledger.projections.storage import open_storage
from buildledger.projections.views import Views
from buildledger.settings import Role, ServerSettings, SettingsError

HEAD_KEY_NAME = "buildledger"
PROOFS = "proof"
ARTIFACTS = "artifacts"
"""The store's directory in the state directory."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Stores:
    """All that a server keeps; whatever else it has is made again from these."""

    ledger: Ledger
    vault: Vault
    tree: Tree
    head_key: HeadKey
    logs: SharedLogStore
    own_logs: LocalLogStore
    others: OtherServersStores
    artifacts: SharedArtifactStore


def open_stores(
    settings: ServerSettings, clock: Clock, stack: AsyncExitStack, tell_head: Callable[[SignedHead], None]
) -> Stores:
    """Open them in the order of need; the stack closes them in the opposite order, and tells the last head.

    Raises:
        DamagedError: What is stored contradicts itself.
        PersistenceError: A database can't be opened.
        LogStoreError: The logs can't be read.
        HeadSignatureError: The key isn't one, or others may read it.
    """
    database = settings.database or f"sqlite:///{settings.state / 'ledger.db'}"
    _refuse_damage(settings, database)
    ledger = Ledger.open(database, clock=clock)
    stack.callback(ledger.close)
    vault = Vault.open(database)
    stack.callback(vault.close)
    tree = Tree.open(ledger.store, database)
    stack.callback(tree.close)
    key = HeadKey.at(settings.state / "head-key.pem", HEAD_KEY_NAME)
    signer = TreeHeadSigner(ledger, tree, key, clock)
    stack.callback(lambda: None if signer.newest is None else tell_head(signer.newest))
    stack.callback(signer.close)
    others = OtherServersStores(machine_of(settings), partial(access_token, vault.installation_key))
    stack.push_async_callback(others.close)
    own = LocalLogStore(settings.state / LOGS)
    stack.push_async_callback(asyncio.to_thread, own.close)
    logs = SharedLogStore(own, others)
    stack.push_async_callback(asyncio.to_thread, logs.close)
    artifacts = SharedArtifactStore(settings.state / ARTIFACTS, settings.artifact_total_bytes, others)
    return Stores(
        ledger=ledger,
        vault=vault,
        tree=tree,
        head_key=key,
        logs=logs,
        own_logs=own,
        others=others,
        artifacts=artifacts,
    )


def _refuse_damage(settings: ServerSettings, database: str) -> None:
    """Look at what is stored before anything is added to it.

    Raises:
        DamagedError
    """
    where = settings.state if settings.database is None else "the database"
    with closing(open_store(database)) as store:
        known = is_there(database, PROOFS)
        if known and settings.database is None and (barrier := in_the_way(path_beside(database, PROOFS))):
            # not a contradiction, which a backup would be needed for
            raise SettingsError(f"{path_beside(database, PROOFS)} can't be opened{barrier}")
        if not known and store.head():
            _log.warning("the proofs are missing and are made anew; the heads that were signed before are gone")
        with (
            closing(Tree.open(store, database, read_only=True)) as tree,
            closing(VaultReader.open(database)) as vault,
        ):
            found = contradictions(store, tree if known else None, vault)
            if not found:
                return
            if not settings.accept_damage:
                raise DamagedError(where, found)
            for line in found:
                _log.error("accepted, because of --accept-damage: %s", line)
            if known and (missing := missing_facts(store, tree)):
                raise SettingsError(
                    f"{missing} facts that were signed are missing, and no proof can go on without them: move the"
                    " proofs away (proof.db and what stands beside it, or the schema proof) to begin new ones"
                )


def open_views(settings: ServerSettings, ledger: Ledger, stack: AsyncExitStack) -> tuple[Views, Projector | None]:
    """The rows made of the ledger, and what feeds them; None if another process does."""
    views = Views(open_storage(settings.state / "views", settings.database))
    stack.callback(views.close)
    if Role.PROJECTIONS not in settings.roles:
        views.follow_others()
        return views, None
    if settings.database is None:  # in PostgreSQL they stand beside the ledger, and other servers may feed them
        views.make_foreign_anew(ledger.store)
        stack.callback(_mark, views, ledger)
    projector = Projector(ledger, views)
    projector.start()
    stack.push_async_callback(asyncio.to_thread, projector.close)
    return views, projector


def _mark(views: Views, ledger: Ledger) -> None:
    """At the end: a disk that is full by then leaves the mark of the start."""
    with suppress(*DATABASE_ERRORS):
        views.mark(ledger.store)
