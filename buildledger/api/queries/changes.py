"""Commits, from the view `changes`, and who is blamed for builds, from the view `blamelist`."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa

from buildledger.api.models import builds, changes
from buildledger.api.models.scalars import Person
from buildledger.api.queries.personal_data import PersonalDataResolver, printable
from buildledger.events.ids import change_id
from buildledger.projections.blamelist import COMMITS_MAX
from buildledger.projections.blamelist_tables import blame as blame_table
from buildledger.projections.changes import change as change_table
from buildledger.projections.columns import moment
from buildledger.projections.reading import Reading
from buildledger.projections.row_buffers import chunks

_texts = msgspec.json.Decoder(list[str])
_ids = msgspec.json.Decoder(list[UUID])


def list_changes(
    reading: Reading,
    *,
    limit: int,
    before: int | None = None,
    source: str | None = None,
    branch: str | None = None,
    author: UUID | None = None,
    revision: str | None = None,
    historic: bool = False,
) -> Sequence[sa.Row[Any]]:
    """Rows for `as_changes`, the last recorded first, of commits that fit every filter.

    `before`: only those recorded before this position. `revision` may be only what it begins with. `historic`: also
    those from before the source was configured.
    """
    change = reading.table(change_table)
    query = sa.select(change).order_by(change.c.seq.desc()).limit(limit)
    if before is not None:
        query = query.where(change.c.seq < before)
    for column, value in (("source", source), ("branch", branch), ("author", author)):
        if value is not None:
            query = query.where(change.c[column] == value)
    if revision is not None:
        query = query.where(change.c.revision >= revision, change.c.revision < revision + "\x7f")
    if not historic:
        query = query.where(~change.c.historic)
    return reading.all(query)


def change_row(reading: Reading, change_id: UUID) -> sa.Row[Any] | None:
    """The row for `as_changes` of one commit."""
    change = reading.table(change_table)
    return reading.first(sa.select(change).where(change.c.id == change_id))


def as_changes(personal: PersonalDataResolver, rows: Sequence[sa.Row[Any]]) -> list[changes.Change]:
    """Rows of the table of commits as they are answered."""
    people: set[UUID] = set()
    for row in rows:
        people.update((row.author, row.committer, *_ids.decode(row.co_authors)))
    personal.load(claims=people, texts={row.words_id: row.words_digest for row in rows})
    return [_change(row, personal) for row in rows]


def _change(row: sa.Row[Any], personal: PersonalDataResolver) -> changes.Change:
    said = personal.change(row.words_id)
    message, altered = None if said is None else printable(said.message), personal.is_altered(row.words_id)
    return changes.Change(
        id=row.id,
        source=row.source,
        repository=row.repository,
        branch=row.branch,
        revision=row.revision,
        parents=_texts.decode(row.parents),
        position=row.seq,
        author=personal.person(row.author),
        committer=personal.person(row.committer),
        co_authors=[personal.person(key) for key in _ids.decode(row.co_authors)],
        subject=None if message is None else message.strip().partition("\n")[0],
        message=message,
        erased=message is None and not altered,
        altered=altered,
        file_count=row.file_count,
        link=row.link,
        historic=row.historic,
        committed_at=moment(row.committed_at),
        recorded_at=moment(row.recorded_at),
    )


def changes_by_id(
    reading: Reading, personal: PersonalDataResolver, ids: Collection[UUID]
) -> dict[UUID, changes.Change]:
    """Those of these commits that are known."""
    change = reading.table(change_table)
    rows = [row for chunk in chunks(ids) for row in reading.all(sa.select(change).where(change.c.id.in_(chunk)))]
    return {made.id: made for made in as_changes(personal, rows)}


def blame_rows(reading: Reading, build_ids: Collection[UUID]) -> list[sa.Row[Any]]:
    """The blame of these builds, a row for each source."""
    blame = reading.table(blame_table)
    rows = sa.select(blame).order_by(blame.c.source)
    return [row for chunk in chunks(build_ids) for row in reading.all(rows.where(blame.c.build_id.in_(chunk)))]


def blamed_ids(row: sa.Row[Any]) -> list[UUID]:
    """The commits of a blame, newest first."""
    return [change_id(row.source, revision) for revision in _texts.decode(row.commits)]


def as_blame(row: sa.Row[Any], known: dict[UUID, changes.Change]) -> builds.Blame:
    """A blame with its commits, which have to be among `known` to be listed."""
    commits = [known[key] for key in blamed_ids(row) if key in known]
    return builds.Blame(
        source=row.source,
        revision=row.revision,
        baseline=row.baseline,
        commit_count=row.commit_count,
        truncated=row.commit_count > COMMITS_MAX,
        commits=commits,
        authors=_each_once(commits),
    )


def _each_once(commits: Iterable[changes.Change]) -> list[Person]:
    people = (person for commit in commits for person in (commit.author, *commit.co_authors))
    return list({person.claim_id: person for person in people}.values())
