"""Builders: how many builds, how the last one ended, and since when they are broken."""

from __future__ import annotations

from collections.abc import Collection

import msgspec
import sqlalchemy as sa

from buildledger.config.pipelines.namespace import definers_in, definers_of
from buildledger.config.resolved import Configuration
from buildledger.events.change import BranchMoved, DefaultBranchChanged
from buildledger.events.results import Result
from buildledger.projections import status_tables as tables
from buildledger.projections.configured import Columns, applied, builder_columns
from buildledger.projections.row_buffers import Row, VersionedRows
from buildledger.projections.status_branches import (
    UNJUDGED,
    BranchRows,
    DefaultBranches,
    GoneBranches,
    branch_label,
    judged,
)
from buildledger.projections.status_steps import OpenBuild

_texts = msgspec.json.Decoder(tuple[str, ...])


class BuilderRows:
    """All builders, in memory: there are as many as somebody has written into a file."""

    def __init__(self) -> None:
        self._rows = VersionedRows(tables.builder, "name")
        self._branches = BranchRows()
        self._gone = GoneBranches()
        self._defaults = DefaultBranches()
        self._configuration: Configuration | None = None
        """The one in force, whose builders the rows show; None: it isn't known since the start."""
        self._loaded = False

    def load(self, connection: sa.Connection) -> None:
        """Read the rows of all builders, at the first batch only."""
        if not self._loaded:
            self._rows.load_all(connection)
            self._defaults.load(connection)
            self._loaded = True

    def load_branches(
        self, connection: sa.Connection, builds: Collection[OpenBuild], moved: Collection[tuple[str, str]]
    ) -> None:
        """Read how builders stand on the branches of these builds, and which of them or of those that move are gone."""
        labels = {branch_label(build.branches) for build in builds}
        self._branches.load(connection, {build.builder for build in builds}, labels)
        self._gone.load(connection, {*moved, *(each for build in builds for each in build.branches)})

    def assigned(self, position: int, name: str) -> int:
        """Count one more build of the builder; returns the number of the build."""
        row = self._rows.get(name) or _unknown(name)
        number: int = row["build_count"] + 1
        self._rows.put(position, name, {**row, "build_count": number, "until": None})
        return number

    def finished(self, position: int, build: OpenBuild, result: Result, at: int) -> None:
        """Let the branch stand as its last build says, and the builder as its default branch does, if that is known.

        Of a branch that was deleted before, as is usual once it is merged, nothing is kept.
        """
        row = self._rows[build.builder]
        values: Row = {"last_seq": build.seq, "last_result": result.value}
        is_default = row["default_branch"] == branch_label(build.branches)
        if is_default or not self._gone.any(build.branches):
            branch = self._branches.finished(position, build, result, at)
            values |= {column: branch[column] for column in UNJUDGED} if is_default else {}
        if row["default_branch"] is None:
            values |= judged(row, build, result, at)
        self._rows.put(position, build.builder, values)

    def moved(self, connection: sa.Connection, position: int, fact: BranchMoved) -> None:
        """Follow which branches there are; how builders stood on one that is gone is nobody's concern."""
        self._gone.moved(position, fact)
        if fact.revision is not None:
            self._defaults.moved(position, fact)
            self._follow_defaults(connection, position)
            return
        sources = {name: _texts.decode(row["sources"]) for name, row in self._items()}
        alone = [name for name, of in sources.items() if of == (fact.source,)]
        self._branches.load(connection, alone, [fact.branch])
        for name in alone:
            self._branches.remove(position, name, fact.branch)
        together = [name for name, of in sources.items() if fact.source in of and len(of) > 1]
        for row in self._branches.load_together(connection, together, fact.source, fact.branch):
            self._branches.remove(position, row["builder"], row["branch"])

    def default_changed(self, connection: sa.Connection, position: int, fact: DefaultBranchChanged) -> None:
        """Follow which branch a repository calls its default."""
        self._defaults.changed(position, fact)
        self._follow_defaults(connection, position)

    def _follow_defaults(self, connection: sa.Connection, position: int) -> None:
        """Let each builder whose default branch has changed stand as it does on the new one."""
        changed = {}
        known: dict[str, str | None] = {}  # by sources: thousands of builders have the same
        for row in self._rows.values():
            sources = row["sources"]
            if sources not in known:
                known[sources] = self._defaults.of(_texts.decode(sources))
            if row["configured"] and known[sources] != row["default_branch"]:
                changed[row["name"]] = known[sources]
        self._branches.load(connection, changed, {branch for branch in changed.values() if branch is not None})
        for name, default in changed.items():
            values: Row = {"default_branch": default}
            if default is not None:
                branch = self._branches.get(name, default) or UNJUDGED
                values |= {column: branch[column] for column in UNJUDGED}
            self._rows.put(position, name, values)

    def _items(self) -> list[tuple[str, Row]]:
        return [(row["name"], row) for row in self._rows.values()]

    def applied(self, connection: sa.Connection, position: int, text: str) -> None:
        """Follow a configuration: builders come, change and go; those that have gone keep their history."""
        if (configuration := applied(text)) is None:
            return
        definers = definers_in(configuration)
        for row in list(self._rows.values()):
            gone = row["configured"] and row["name"] not in configuration.builders
            if gone and definers.isdisjoint(definers_of(row["name"])):
                self._rows.put(position, row["name"], {"configured": False})
        self._configured(position, builder_columns(configuration, self._configuration))
        self._configuration = configuration
        self._defaults.applied(position, configuration)
        self._follow_defaults(connection, position)

    def defined(self, connection: sa.Connection, position: int, text: str) -> None:
        """Follow what a repository or a step defines: its builders are there as long as that may define any."""
        if (pipeline := applied(text)) is not None:
            self._configured(position, builder_columns(pipeline, None))
            self._follow_defaults(connection, position)

    def _configured(self, position: int, columns: Columns) -> None:
        for name, values in columns.items():
            known = self._rows.get(name)
            if known is None:
                self._rows.put(position, name, {**_unknown(name), **values, "configured": True})
            elif not known["configured"] or any(known[column] != value for column, value in values.items()):
                self._rows.put(position, name, {**values, "configured": True})

    def flush(self, connection: sa.Connection) -> None:
        """Write the rows that changed since the last flush."""
        self._rows.flush(connection)
        self._branches.flush(connection)
        self._gone.flush(connection)
        self._defaults.flush(connection)


def _unknown(name: str) -> Row:
    return {
        "name": name,
        "configured": False,
        "base": name.partition("[")[0],
        "matrix": "{}",
        "project": None,
        "description": "",
        "tags": "[]",
        "sources": "[]",
        "protected": False,
        "default_branch": None,
        "build_count": 0,
        **UNJUDGED,
    }
