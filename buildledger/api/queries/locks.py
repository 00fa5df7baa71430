"""Who holds locks, and for which of them steps wait, at the position of an answer."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
import sqlalchemy as sa

from buildledger.api.models import locks as models
from buildledger.api.queries.readings import Readings
from buildledger.api.queries.select_builds import running
from buildledger.config.evaluation.lock_reason import LockWaiter, why_step_waits
from buildledger.config.evaluation.placement import RunningBuild, free_locks
from buildledger.config.lock_uses import LockUse
from buildledger.config.resolved import Configuration
from buildledger.projections import status_tables
from buildledger.projections.columns import moment
from buildledger.projections.row_buffers import chunks

HOLDERS_NAMED_MAX = 20
_uses = msgspec.json.Decoder(dict[str, int])


class StepWait(NamedTuple):
    """A step that waits for its locks."""

    name: str
    uses: tuple[LockUse, ...]
    requested_at: int


class LockSituation:
    """How locks stand; reads all builds that run, and their configurations, once it is first asked."""

    def __init__(self, readings: Readings) -> None:
        self._readings = readings

    def wait_of(self, seq: int) -> models.LockWait | None:
        """What the running step of the build assigned at this position waits for; None if for no lock."""
        waiting = self._waits.get(seq)
        if waiting is None:
            return None
        free = {} if self._configuration is None else free_locks(self._configuration, self.running)
        reason = why_step_waits(waiting.uses, free, self.running)
        return models.LockWait(
            text=reason.text,
            lock=reason.lock,
            held_by=lock_holders(reason.held_by),
            since=moment(waiting.requested_at),
        )

    def said_of_build(self, build_id: UUID) -> str:
        """That a step of this build waits for a lock, for people; empty if none does."""
        for row in self.rows:
            if row.id == build_id and (wait := self.wait_of(row.seq)) is not None:
                return f"its step {self._waits[row.seq].name} {wait.text}"
        return ""

    @property
    def waiting_steps(self) -> list[LockWaiter]:
        """The steps that wait for locks."""
        builds = {row.seq: row for row in self.rows}
        return [LockWaiter(builds[seq].builder, each.uses, builds[seq].number) for seq, each in self._waits.items()]

    @cached_property
    def rows(self) -> list[sa.Row[Any]]:
        """Rows of all builds that run, oldest first, with the digests of their configurations."""
        return running(self._readings["status"], config_digest=True)

    @cached_property
    def running(self) -> list[RunningBuild]:
        """The builds that run, with all that they and their steps hold."""
        readings, configuration = self._readings, self._configuration
        known: dict[str, Configuration | None] = {} if configuration is None else {configuration.digest: configuration}
        for digest in {row.config_digest for row in self.rows} - known.keys():
            known[digest] = readings.configurations.with_digest(readings["revisions"], digest)
        composed = readings.configurations.composed
        return [self._running_build(composed(known[row.config_digest], row.pipeline), row) for row in self.rows]

    @cached_property
    def _configuration(self) -> Configuration | None:
        return self._readings.configurations.in_force(self._readings["revisions"])

    @cached_property
    def _steps(self) -> list[sa.Row[Any]]:
        """Rows of the running steps that take locks."""
        reading = self._readings["status"]
        step = reading.table(status_tables.step)
        columns = (step.c.seq, step.c.name, step.c.locks, step.c.locks_requested_at, step.c.locks_taken_at)
        query = sa.select(*columns).where(step.c.finished_at.is_(None), step.c.locks.is_not(None))
        found: list[sa.Row[Any]] = []
        for chunk in chunks([row.seq for row in self.rows]):
            found.extend(reading.all(query.where(step.c.seq.in_(chunk))))
        return found

    @cached_property
    def _waits(self) -> dict[int, StepWait]:
        return {
            row.seq: StepWait(row.name, _as_uses(row.locks), row.locks_requested_at)
            for row in self._steps
            if row.locks_taken_at is None
        }

    @cached_property
    def _held_by_steps(self) -> dict[int, tuple[LockUse, ...]]:
        return {row.seq: _as_uses(row.locks) for row in self._steps if row.locks_taken_at is not None}

    def _running_build(self, configuration: Configuration | None, row: sa.Row[Any]) -> RunningBuild:
        builder = None if configuration is None else configuration.builders.get(row.builder)
        held = (*(() if builder is None else builder.locks), *self._held_by_steps.get(row.seq, ()))
        build_id: UUID = row.id
        return RunningBuild(build_id, row.builder, row.number, held)


def lock_holders(held_by: Sequence[RunningBuild]) -> list[models.LockHolder]:
    """Builds that hold a lock, as they are answered."""
    return [
        models.LockHolder(build_id=held.build_id, builder=held.builder, number=held.number)
        for held in held_by[:HOLDERS_NAMED_MAX]
    ]


def _as_uses(stored: str) -> tuple[LockUse, ...]:
    return tuple(LockUse(lock=lock, take=take) for lock, take in _uses.decode(stored).items())
