"""All that an installation stores, opened for reading only."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from buildledger.audit.checks import BATCH_HEADS, UNREADABLE, PublishedHead
from buildledger.audit.inspection import BuildNames, Inspection
from buildledger.audit.read_models import ReadModels
from buildledger.audit.report import Check, Report
from buildledger.audit.sealed import NamedCommands, SealedHeads
from buildledger.audit.stored_artifacts import StoredArtifacts
from buildledger.audit.stored_checkpoints import StoredCheckpoints
from buildledger.audit.stored_files import StoredFiles
from buildledger.audit.stored_logs import StoredLogs
from buildledger.audit.vault_texts import VaultTexts
from buildledger.audit.verify import verify
from buildledger.ledger.database import SQLITE, open_store
from buildledger.ledger.proof import Tree
from buildledger.ledger.store import FactStore
from buildledger.ledger.vault_reading import VaultReader


@dataclass(frozen=True, kw_only=True)
class StoredInstallation:
    """What lies in a state directory, and in a database if that is elsewhere."""

    state: Path
    url: str
    store: FactStore
    tree: Tree

    @property
    def database(self) -> str | None:
        """The URL, unless the ledger lies in the state directory."""
        return None if self.url.startswith(SQLITE) else self.url

    def inspections(self, skipped: Collection[Check] = ()) -> Sequence[Inspection]:
        """What looks at the things beside the facts."""
        names = BuildNames(self.store)
        makers: dict[Check, Callable[[], Inspection]] = {
            Check.HEADS: lambda: SealedHeads(self.tree),
            Check.COMMANDS: lambda: NamedCommands(self.store),
            Check.CHECKPOINTS: lambda: StoredCheckpoints(self.store),
            Check.LOGS: lambda: StoredLogs(self.state / "logs", names),
            Check.ARTIFACTS: lambda: StoredArtifacts(self.state / "artifacts", names),
            Check.READ_MODELS: lambda: ReadModels(self.store, self.state / "views", self.database),
            Check.FILES: lambda: StoredFiles(self.state, self.database),
            Check.VAULT: lambda: VaultTexts(VaultReader.open(self.url)),
        }
        return [make() for check, make in makers.items() if check not in skipped]

    def verifiers(self) -> Collection[str]:
        """The public keys that stored heads say they were signed with."""
        try:
            return {verifier for _, verifier, _ in self.tree.newest_heads(BATCH_HEADS)}
        except UNREADABLE:
            return ()

    def verify(
        self,
        *,
        trusted: Collection[str] = (),
        published: Sequence[PublishedHead] = (),
        skipped: Collection[Check] = (),
        progress: Callable[[int], None] = lambda position: None,
    ) -> Report:
        """See `verify`; everything is looked at but what is to be skipped."""
        return verify(
            self.store,
            self.tree,
            trusted=trusted,
            published=published,
            inspections=self.inspections(skipped),
            progress=progress,
        )


@contextmanager
def stored_installation(state: Path, url: str) -> Iterator[StoredInstallation]:
    """Open it; nothing in it is changed.

    Raises:
        LedgerFormatError: There is no ledger, or one of a later version.
        PersistenceError: The ledger can't be read at all.
        ValueError: For another kind of URL.
    """
    store = open_store(url, read_only=True)
    try:
        tree = Tree.open(store, url, read_only=True)
        try:
            yield StoredInstallation(state=state, url=url, store=store, tree=tree)
        finally:
            tree.close()
    finally:
        store.close()
