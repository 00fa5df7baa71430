"""How builders stand on each branch, and which branch is a source's default."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec
import sqlalchemy as sa

from buildledger.config.resolved import Configuration
from buildledger.domain.schedule import LIKELY_DEFAULT_BRANCHES
from buildledger.events.change import BranchMoved, DefaultBranchChanged
from buildledger.events.request import SourceStamp
from buildledger.events.results import Result
from buildledger.projections import status_tables as tables
from buildledger.projections.columns import encode
from buildledger.projections.row_buffers import Row, VersionedRows
from buildledger.projections.status_steps import Branches, OpenBuild

_branches = msgspec.json.Decoder(Branches)

PASSED = frozenset({Result.SUCCESS, Result.WARNINGS})
UNJUDGED: Row = {"status": "never_built", "judged_seq": None, "broken_seq": None, "broken_at": None, "failures": 0}
"""What stands of a builder, or of one of its branches, before its first build."""


def branch_label(branches: Branches) -> str:
    """One name for the branches of several sources: each once, by the sources' names."""
    return ", ".join(dict.fromkeys(branch for _, branch in sorted(branches)))


def branches_of(stamps: Iterable[SourceStamp]) -> Branches:
    """The branches of a build."""
    return tuple((stamp.source, stamp.branch) for stamp in stamps)


def judged(row: Row, build: OpenBuild, result: Result, at: int) -> Row:
    """What a build's end makes of the columns of `UNJUDGED`; what neither passed nor failed says nothing."""
    values: Row = {"judged_seq": build.seq}
    if result in PASSED:
        values |= {"status": "passing", "broken_seq": None, "broken_at": None, "failures": 0}
    elif result is Result.FAILURE:
        values |= {"status": "broken", "failures": row["failures"] + 1}
        if row["broken_seq"] is None:
            values |= {"broken_seq": build.seq, "broken_at": at}
    elif row["status"] == "never_built":
        values["status"] = "unclear"
    return values


class BranchRows:
    """The branches of builders, read when a build of theirs ends."""

    def __init__(self) -> None:
        self._rows = _branch_rows()

    def load(self, connection: sa.Connection, builders: Iterable[str], branches: Iterable[str]) -> None:
        """Read the rows of these builders and branches; what has changed is written first."""
        self._rows.flush(connection)
        column = tables.branch_status.c.branch
        self._rows.load(connection, "builder", list(builders), column.in_(list(branches)))

    def get(self, builder: str, branch: str) -> Row | None:
        """How a builder stands on a branch, if it was loaded or has just changed."""
        return self._rows.get((builder, branch))

    def load_together(self, connection: sa.Connection, builders: Iterable[str], source: str, branch: str) -> list[Row]:
        """Read, and give, the rows of these builders that are of a source's branch, with any branches of others."""
        self._rows.flush(connection)
        rows = self._rows.load(connection, "builder", list(builders))
        return [row for row in rows if (source, branch) in _branches.decode(row["branches"])]

    def finished(self, position: int, build: OpenBuild, result: Result, at: int) -> Row:
        """Let the branch stand as its last build says; the row."""
        branch = branch_label(build.branches)
        key = (build.builder, branch)
        row = self._rows.get(key) or {**UNJUDGED, "builder": build.builder, "branch": branch}
        row = {**row, "branches": encode(sorted(build.branches)), "until": None}
        self._rows.put(position, key, {**row, **judged(row, build, result, at)})
        return self._rows[key]

    def remove(self, position: int, builder: str, branch: str) -> None:
        """Forget how a builder stands on a branch that is gone."""
        self._rows.remove(position, (builder, branch))

    def flush(self, connection: sa.Connection) -> None:
        """Write the rows that changed since the last flush, and forget all of them: there may be very many branches."""
        self._rows.flush(connection)
        self._rows = _branch_rows()


def _branch_rows() -> VersionedRows:
    return VersionedRows(tables.branch_status, "builder", "branch")


class GoneBranches:
    """Branches that were deleted and haven't come back, read when they are spoken of."""

    def __init__(self) -> None:
        self._rows = _gone_rows()

    def load(self, connection: sa.Connection, branches: Iterable[tuple[str, str]]) -> None:
        """Read which of these are gone."""
        names: dict[str, list[str]] = {}
        for source, branch in branches:
            names.setdefault(source, []).append(branch)
        for source, among in names.items():
            self._rows.load(connection, "branch", among, tables.gone_branch.c.source == source)

    def any(self, branches: Branches) -> bool:
        """Whether one of these is gone."""
        return any(key in self._rows for key in branches)

    def moved(self, position: int, fact: BranchMoved) -> None:
        """Follow whether a branch is there."""
        key = (fact.source, fact.branch)
        if fact.revision is not None:
            self._rows.remove(position, key)
        elif key not in self._rows:
            self._rows.put(position, key, {"source": fact.source, "branch": fact.branch})

    def flush(self, connection: sa.Connection) -> None:
        """Write the rows that changed since the last flush, and forget all of them: there may be very many branches."""
        self._rows.flush(connection)
        self._rows = _gone_rows()


def _gone_rows() -> VersionedRows:
    return VersionedRows(tables.gone_branch, "source", "branch")


class DefaultBranches:
    """The default branch of each source: configured, or the repository's own, or the likeliest by its name."""

    def __init__(self) -> None:
        self._rows = VersionedRows(tables.source_default, "source")

    def load(self, connection: sa.Connection) -> None:
        """Read all rows."""
        self._rows.load_all(connection)

    def of(self, sources: Sequence[str]) -> str | None:
        """The label of the default branches of these sources; None if one isn't known, or if there are none."""
        found: list[tuple[str, str]] = []
        for source in sources:
            row = self._rows.get(source)
            branch = None if row is None else row["configured"] or row["own"] or row["likely"]
            if not branch:
                return None
            found.append((source, branch))
        return branch_label(tuple(found)) if found else None

    def applied(self, position: int, configuration: Configuration) -> None:
        """Follow a configuration."""
        for name, source in configuration.sources.items():
            self._put(position, name, "configured", source.default_branch)

    def changed(self, position: int, fact: DefaultBranchChanged) -> None:
        """Follow what the repository says."""
        self._put(position, fact.source, "own", fact.branch)

    def moved(self, position: int, fact: BranchMoved) -> None:
        """Follow which branches there are, for sources of which nobody says the default."""
        row = self._rows.get(fact.source)
        before = None if row is None else row["likely"]
        if fact.revision is not None and (before is None or _likelihood(fact.branch) < _likelihood(before)):
            self._put(position, fact.source, "likely", fact.branch)

    def _put(self, position: int, source: str, column: str, value: str | None) -> None:
        row = self._rows.get(source)
        if row is None:
            row = {"source": source, "configured": None, "own": None, "likely": None}
        elif row[column] == value:
            return
        self._rows.put(position, source, {**row, column: value, "until": None})

    def flush(self, connection: sa.Connection) -> None:
        """Write the rows that changed since the last flush."""
        self._rows.flush(connection)


def _likelihood(branch: str) -> tuple[int, str]:
    """The smaller, the likelier it is a default branch; as `default_branch` chooses."""
    likely = LIKELY_DEFAULT_BRANCHES
    return (likely.index(branch) if branch in likely else len(likely), branch)
