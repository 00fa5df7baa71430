"""Builders: how many builds, how the last one ended, and since when they are broken."""

from __future__ import annotations

import sqlalchemy as sa

from buildledger.events.results import Result
from buildledger.projections import status_tables as tables
from buildledger.projections.configured import applied, builder_columns
from buildledger.projections.row_buffers import Row, VersionedRows
from buildledger.projections.status_steps import OpenBuild

PASSED = frozenset({Result.SUCCESS, Result.WARNINGS})


class BuilderRows:
    """All builders, in memory: there are as many as somebody has written into a file."""

    def __init__(self) -> None:
        self._rows = VersionedRows(tables.builder, "name")
        self._loaded = False

    def load(self, connection: sa.Connection) -> None:
        """Read the rows of all builders, at the first batch only."""
        if not self._loaded:
            self._rows.load_all(connection)
            self._loaded = True

    def assigned(self, position: int, name: str) -> int:
        """Count one more build of the builder; returns the number of the build."""
        row = self._rows.get(name) or _unknown(name)
        number: int = row["build_count"] + 1
        self._rows.put(position, name, {**row, "build_count": number, "until": None})
        return number

    def finished(self, position: int, build: OpenBuild, result: Result, at: int) -> None:
        """Let the builder stand as its last build says; what neither passed nor failed says nothing."""
        row = self._rows[build.builder]
        values: Row = {"last_seq": build.seq, "last_result": result.value}
        if result in PASSED:
            values |= {"status": "passing", "broken_seq": None, "broken_at": None, "failures": 0}
        elif result is Result.FAILURE:
            values |= {"status": "broken", "failures": row["failures"] + 1}
            if row["broken_seq"] is None:
                values |= {"broken_seq": build.seq, "broken_at": at}
        elif row["status"] == "never_built":
            values["status"] = "unclear"
        self._rows.put(position, build.builder, values)

    def applied(self, position: int, text: str) -> None:
        """Follow a configuration: builders come, change and go; those that have gone keep their history."""
        if (configuration := applied(text)) is None:
            return
        named = builder_columns(configuration)
        for row in list(self._rows.values()):
            if row["configured"] and row["name"] not in named:
                self._rows.put(position, row["name"], {"configured": False})
        for name, values in named.items():
            known = self._rows.get(name)
            if known is None:
                self._rows.put(position, name, {**_unknown(name), **values, "configured": True})
            elif not known["configured"] or any(known[column] != value for column, value in values.items()):
                self._rows.put(position, name, {**values, "configured": True})

    def flush(self, connection: sa.Connection) -> None:
        """Write the rows that changed since the last flush."""
        self._rows.flush(connection)


def _unknown(name: str) -> Row:
    return {
        "name": name,
        "configured": False,
        "base": name.partition("[")[0],
        "matrix": "{}",
        "project": None,
        "description": "",
        "tags": "[]",
        "status": "never_built",
        "build_count": 0,
        "failures": 0,
    }
