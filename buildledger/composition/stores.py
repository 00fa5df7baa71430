"""What a server keeps, opened from its settings and closed with it."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass

from buildledger.clock import Clock
from buildledger.ledger.ledger import Ledger
from buildledger.ledger.proof import Tree
from buildledger.ledger.signing import HeadKey
from buildledger.ledger.tree_head_signer import TreeHeadSigner
from buildledger.ledger.vault import Vault
from buildledger.logs.artifacts_local import LocalArtifactStore
from buildledger.logs.local import LocalLogStore
from buildledger.projections.projector import Projector
from buildledger.projections.storage import open_storage
from buildledger.projections.views import Views
from buildledger.settings import Role, ServerSettings

HEAD_KEY_NAME = "buildledger"


@dataclass(frozen=True, kw_only=True)
class Stores:
    """What nothing else can make again."""

    ledger: Ledger
    vault: Vault
    tree: Tree
    head_key: HeadKey
    logs: LocalLogStore
    artifacts: LocalArtifactStore


def open_stores(settings: ServerSettings, clock: Clock, stack: AsyncExitStack) -> Stores:
    """Open them in the order of need; the stack closes them in the opposite order."""
    database = settings.database or f"sqlite:///{settings.state / 'ledger.db'}"
    ledger = Ledger.open(database, clock=clock)
    stack.callback(ledger.close)
    vault = Vault.open(database)
    stack.callback(vault.close)
    tree = Tree.open(ledger.store, database)
    key = HeadKey.at(settings.state / "head-key.pem", HEAD_KEY_NAME)
    stack.callback(TreeHeadSigner(ledger, tree, key, clock).close)
    logs = LocalLogStore(settings.state / "logs")
    artifacts = LocalArtifactStore(settings.state / "artifacts", settings.artifact_total_bytes)
    stack.push_async_callback(asyncio.to_thread, logs.close)
    return Stores(ledger=ledger, vault=vault, tree=tree, head_key=key, logs=logs, artifacts=artifacts)


def open_views(settings: ServerSettings, ledger: Ledger, stack: AsyncExitStack) -> tuple[Views, Projector | None]:
    """The rows made of the ledger, and what feeds them; None if another process does."""
    views = Views(open_storage(settings.state / "views", settings.database))
    stack.callback(views.close)
    if Role.PROJECTIONS not in settings.roles:
        views.follow_others()
        return views, None
    projector = Projector(ledger, views)
    projector.start()
    stack.push_async_callback(asyncio.to_thread, projector.close)
    return views, projector
