"""Which artifact a build is to get: looked up when the build asks; what was found becomes a fact."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from uuid import UUID

import msgspec
import sqlalchemy as sa

from buildledger.events.answers import FoundArtifact
from buildledger.events.operation import FindArtifact
from buildledger.events.request import SourceStamp
from buildledger.events.results import Result
from buildledger.projections import queue_tables, status_tables
from buildledger.projections.reading import Reading
from buildledger.projections.views import Views

PATIENCE_SECONDS = 5.0
"""For the read models to come to the question; then it is asked again."""
PAGE = 1_000
"""Builds of a builder that are read together, to find the newest on the right branch."""
REBUILDS_MAX = 100
"""Rebuilds of rebuilds that are followed to the build that had a parent."""
GREEN = (Result.SUCCESS.value, Result.WARNINGS.value)

Row = sa.Row[tuple[object, ...]]

_stamps = msgspec.json.Decoder(list[SourceStamp])
_BUILD_COLUMNS = ("seq", "id", "builder", "number", "stamps")
_ARTIFACT_COLUMNS = ("name", "sha256", "size_bytes", "directory", "mode", "operation_id", "position")


class NoArtifactError(LookupError):
    """There is none; the text says what was looked for."""


class ArtifactSearch:
    """Looks in the read models, once they are as far as the question. Blocks."""

    def __init__(self, views: Views, *, page: int = PAGE) -> None:
        self._views = views
        self._page = page

    def find(self, wanted: FindArtifact, build_id: UUID, position: int) -> FoundArtifact:
        """The artifact that is wanted by a build, as of `position` or later.

        Raises:
            NoArtifactError
            TimeoutError: If the read models are too far behind.
        """
        if not self._views.progress.reached_blocking(position, PATIENCE_SECONDS):
            raise TimeoutError(f"the read models haven't come to position {position}")
        with self._views.read(None, "status", "queue") as (status, queue):
            match wanted.of:
                case "build":
                    return self._of_build(status, build_id, wanted.artifact, "this build")
                case "parent":
                    parent = _parent(status, queue, build_id)
                    return self._of_build(status, parent, wanted.artifact, "the build that asked for this one")
                case "builder":
                    return _of_builder(status, wanted, self._page)

    def _of_build(self, status: Reading, build_id: UUID, name: str, who: str) -> FoundArtifact:
        query, build = _kept(status, name)
        row = status.first(query.where(build.c.id == build_id))
        if row is None:
            raise NoArtifactError(f"{who} keeps no artifact {name!r}")
        return _found(row)


def _of_builder(status: Reading, wanted: FindArtifact, page: int) -> FoundArtifact:
    if wanted.number is not None:
        query, build = _kept(status, wanted.artifact)
        row = status.first(query.where(build.c.builder == wanted.builder, build.c.number == wanted.number))
        if row is None:
            raise NoArtifactError(f"{wanted.builder} #{wanted.number} keeps no artifact {wanted.artifact!r}")
        return _found(row)
    for rows in _succeeded(status, wanted, page):
        if kept := _not_removed(status, [row for row in rows if wanted.branch in _branches(row.stamps)]):
            return _found(kept[0])
    where = f" on {wanted.branch}" if wanted.branch else ""
    raise NoArtifactError(f"no build of {wanted.builder}{where} that succeeded keeps an artifact {wanted.artifact!r}")


def _succeeded(status: Reading, wanted: FindArtifact, size: int) -> Iterator[Sequence[Row]]:
    """What successful builds of a builder have stored, removed or not, page by page, the newest first."""
    query, artifact, build = _stored(status, wanted.artifact)
    state = status.table(status_tables.build_state)
    succeeded = sa.and_(state.c.seq == build.c.seq, state.c.result.in_(GREEN))
    query = query.join(state, succeeded).where(build.c.builder == wanted.builder).limit(size)
    page = status.all(query)
    while page:
        yield page
        after = sa.tuple_(build.c.seq, artifact.c.position) < (page[-1].seq, page[-1].position)
        page = status.all(query.where(after)) if len(page) == size else ()


def _not_removed(status: Reading, rows: Sequence[Row]) -> Sequence[Row]:
    """Those that are still kept; asked for page by page, as a query for all would read whatever was ever removed."""
    if not rows:
        return rows
    removed = status.table(status_tables.artifact_removed).c.operation_id
    gone = {
        row.operation_id for row in status.all(sa.select(removed).where(removed.in_(row.operation_id for row in rows)))
    }
    return [row for row in rows if row.operation_id not in gone]


def _kept(status: Reading, name: str) -> tuple[sa.Select[tuple[object, ...]], sa.FromClause]:
    """What is kept under a name, of one build what was stored last first; and the table to name the build by."""
    query, artifact, build = _stored(status, name)
    removed = sa.select(status.table(status_tables.artifact_removed).c.operation_id)
    return query.where(artifact.c.operation_id.not_in(removed)), build


def _stored(status: Reading, name: str) -> tuple[sa.Select[tuple[object, ...]], sa.FromClause, sa.FromClause]:
    """What was stored under a name, newest builds first, of one build what was stored last; artifacts, and builds."""
    artifact, build = status.table(status_tables.artifact), status.table(status_tables.build)
    columns = [*(build.c[name] for name in _BUILD_COLUMNS), *(artifact.c[name] for name in _ARTIFACT_COLUMNS)]
    query = (
        sa.select(*columns)
        .join_from(artifact, build, build.c.seq == artifact.c.seq)
        .where(artifact.c.name == name)
        .order_by(build.c.seq.desc(), artifact.c.position.desc())
    )
    return query, artifact, build


def _branches(stamps: str) -> Iterator[str]:
    """Those of the build's sources; a build without sources has the empty one."""
    known = _stamps.decode(stamps)
    yield from (stamp.branch for stamp in known) if known else ("",)


def _parent(status: Reading, queue: Reading, build_id: UUID) -> UUID:
    """The build whose success asked for this one, or for the one that it repeats.

    Raises:
        NoArtifactError
    """
    build, request = status.table(status_tables.build), queue.table(queue_tables.request)
    asked: UUID | None = build_id
    for _ in range(REBUILDS_MAX):
        row = status.first(sa.select(build.c.request_id).where(build.c.id == asked))
        if row is None:
            break
        cause = queue.first(
            sa.select(request.c.parent_build, request.c.rebuild_of).where(request.c.id == row.request_id)
        )
        if cause is None:
            break
        if cause.parent_build is not None:
            return UUID(str(cause.parent_build))
        asked = cause.rebuild_of
    raise NoArtifactError("no other build asked for this one, so there is nothing to get from it")


def _found(row: Row) -> FoundArtifact:
    return FoundArtifact(
        build_id=row.id,
        builder=row.builder,
        number=row.number,
        artifact=row.name,
        sha256=row.sha256,
        size_bytes=row.size_bytes,
        directory=row.directory,
        mode=row.mode,
        pages=0,
    )
