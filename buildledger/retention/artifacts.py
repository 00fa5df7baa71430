"""Time passes and disks fill: which artifacts go, as facts first, and then from the store.

An artifact goes when it is older than it is to be kept, or, where a quota is nearly full, when it is among the oldest.
Files go when no artifact that is kept needs them any more; those that never became an artifact go after some days.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import timedelta

import msgspec
import sqlalchemy as sa

from buildledger.clock import Clock
from buildledger.domain.build import RemoveArtifact
from buildledger.events.ids import BuildId, OperationId
from buildledger.ledger.errors import LedgerUnavailable, StoreError
from buildledger.ledger.ledger import Ledger
from buildledger.ledger.submission import Origin
from buildledger.logs.artifacts import ArtifactAlteredError, ArtifactStore
from buildledger.logs.artifacts_manifest import Manifest, ManifestError
from buildledger.projections import status_tables
from buildledger.projections.columns import microseconds
from buildledger.projections.views import Views
from buildledger.retention.clock_trust import ClockTrust

PERIOD_SECONDS = 3600.0
SWEEP_PERIODS = 24
"""Looks between two sweeps when nothing was removed."""
GRACE = timedelta(days=2)
"""A file that isn't an artifact's yet may be that of an upload under way."""
UNFINISHED = timedelta(days=7)
"""An upload that nobody goes on with for so long is given up."""
NEARLY_FULL = 0.9
"""Of the quota: what is beyond makes the oldest go."""
BATCH = 100
PATIENCE_SECONDS = 60.0
"""For the read models to come to where the ledger is."""

_log = logging.getLogger(__name__)


class _Row(msgspec.Struct, frozen=True, kw_only=True):
    """An artifact that is kept."""

    build_id: BuildId
    operation_id: OperationId
    sha256: str
    size_bytes: int
    directory: bool
    stored_at: int
    over: bool
    """Its build has ended."""


class Retention:
    """Looks every hour. With neither an age nor a quota only what belongs to no artifact goes."""

    def __init__(
        self,
        *,
        ledger: Ledger,
        views: Views,
        artifacts: ArtifactStore,
        clock: Clock,
        trust: ClockTrust,
        keep: timedelta | None,
        total_bytes: int | None,
        leads: Callable[[], bool] = lambda: True,
    ) -> None:
        """Where several servers keep artifacts each looks after its own; what is expired goes by the one that leads."""
        self._ledger = ledger
        self._views = views
        self._artifacts = artifacts
        self._clock = clock
        self._trust = trust
        self._keep = keep
        self._total_bytes = total_bytes
        self._leads = leads

    async def run(self) -> None:
        """Look, for as long as the server runs; trouble is told and tried again."""
        looks = 0
        while True:
            try:
                await self.look(sweep=looks % SWEEP_PERIODS == 0)
                looks += 1
            except (OSError, LedgerUnavailable, StoreError, sa.exc.SQLAlchemyError) as error:
                _log.warning("old artifacts can't be removed, trying again later: %s", error)
            await asyncio.sleep(PERIOD_SECONDS)

    async def look(self, *, sweep: bool) -> int:
        """Remove what is to go; returns how many artifacts that were."""
        doubt = self._trust.doubt
        believed = await asyncio.to_thread(self._trust.check)
        if not believed and self._trust.doubt != doubt:
            _log.warning("retention: %s", self._trust.doubt)
        rows = await asyncio.to_thread(self._kept)
        going = await asyncio.to_thread(self._going, rows, believed=believed)
        origin = Origin(actor="system")
        for start in range(0, len(going), BATCH):
            commands = [
                RemoveArtifact(build_id=row.build_id, operation_id=row.operation_id, reason=reason)
                for row, reason in going[start : start + BATCH]
            ]
            await self._ledger.execute(*commands, origin=origin)
        if believed and (going or sweep):
            gone = {row.operation_id for row, _ in going}
            await asyncio.to_thread(self._sweep, [row for row in rows if row.operation_id not in gone])
        return len(going)

    def _kept(self) -> Sequence[_Row]:
        """Every artifact that is kept, newest first.

        Raises:
            TimeoutError: While the read models don't know all of them: what they don't know would be swept away.
        """
        head = self._ledger.head()
        self._views.progress.reached_blocking(head, PATIENCE_SECONDS)
        with self._views.read(None, "status") as (status,):
            if status.position < head:
                raise TimeoutError(f"the read models have come to position {status.position} of {head}")
            artifact, build = status.table(status_tables.artifact), status.table(status_tables.build)
            state = status.table(status_tables.build_state)
            removed = sa.select(status.table(status_tables.artifact_removed).c.operation_id)
            query = (
                sa.select(artifact, build.c.id.label("build_id"), state.c.finished_at)
                .join_from(artifact, build, build.c.seq == artifact.c.seq)
                .join(state, state.c.seq == build.c.seq)
                .where(artifact.c.operation_id.not_in(removed))
                .order_by(artifact.c.position.desc())
            )
            return [
                _Row(
                    build_id=row.build_id,
                    operation_id=row.operation_id,
                    sha256=row.sha256,
                    size_bytes=row.size_bytes,
                    directory=row.directory,
                    stored_at=row.stored_at,
                    over=row.finished_at is not None,
                )
                for row in status.all(query)
            ]

    def _going(self, rows: Sequence[_Row], *, believed: bool) -> list[tuple[_Row, str]]:
        """The artifacts that are to be removed, each with the reason; none for its age if the clock isn't believed."""
        oldest = 0 if self._keep is None or not believed else microseconds(self._clock.now() - self._keep)
        going = [(row, "expired") for row in rows if row.over and row.stored_at < oldest and self._leads()]
        if self._total_bytes is None or self._artifacts.used_bytes() <= NEARLY_FULL * self._total_bytes:
            return going
        room = NEARLY_FULL * self._total_bytes
        counted: set[str] = set()
        for row in rows:
            if row.stored_at < oldest:
                continue
            fresh = self._files(row) - counted
            room -= sum(self._size(sha256) for sha256 in fresh)
            counted |= fresh
            if room < 0 and row.over and self._artifacts.has(row.sha256):
                going.append((row, "quota"))
        return going

    def _sweep(self, rows: Sequence[_Row]) -> None:
        """Remove the files that no artifact needs."""
        now = self._clock.now()
        needed = set[str]().union(*(self._files(row) for row in rows))
        before = (now - GRACE).timestamp()
        freed = sum(
            self._artifacts.remove(file.sha256, before)
            for file in self._artifacts.files()
            if file.sha256 not in needed and file.stored_at < before
        )
        self._artifacts.forget_uploads((now - UNFINISHED).timestamp())
        if freed:
            _log.info("artifacts: %d bytes freed", freed)

    def _files(self, row: _Row) -> set[str]:
        """The files of the store that an artifact is made of."""
        if not row.directory:
            return {row.sha256}
        try:
            return {row.sha256} | Manifest.load(self._artifacts, row.sha256).digests()
        except (FileNotFoundError, ManifestError, ArtifactAlteredError) as error:
            _log.error("the manifest of artifact %s can't be read: %s", row.operation_id, error)
            return {row.sha256}

    def _size(self, sha256: str) -> int:
        try:
            return self._artifacts.size_bytes(sha256)
        except FileNotFoundError:
            return 0
