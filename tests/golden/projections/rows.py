"""The rows that projections make of the recorded history."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from buildledger.events.codec import decode
from buildledger.events.fact import Recorded
from buildledger.projections.projection import Projection
from buildledger.projections.rebuild import rows_of
from buildledger.projections.storage import SqliteViews
from buildledger.projections.views import Views
from tests.golden.histories import Line

DIRECTORY = Path(__file__).parent
HISTORY = DIRECTORY / "history.jsonl"
BATCH_FACTS = 50


def golden(projection: Projection) -> Path:
    """The file of a projection's present version."""
    return DIRECTORY / f"{projection.NAME}.{projection.VERSION}.json"


def history() -> list[Recorded]:
    """The recorded facts, in the order of positions."""
    lines = msgspec.json.Decoder(Line).decode_lines(HISTORY.read_bytes())
    return [_recorded(position, line) for position, line in enumerate(lines, 1)]


def _recorded(position: int, line: Line) -> Recorded:
    fact, meta = decode(line.name, line.stored.encode())
    return Recorded(
        position=position, stream_id=line.stream_id, version=line.version, name=line.name, fact=fact, meta=meta
    )


def rows(projection: Projection, directory: Path) -> dict[str, Any]:
    """What the projection's tables hold after the history, as plain JSON; `directory` takes the view's file."""
    facts = history()
    views = Views(SqliteViews(directory))
    try:
        view = views.view(projection.NAME)
        for start in range(0, len(facts), BATCH_FACTS):
            view.apply(view.position(), facts[start : start + BATCH_FACTS])
        content: dict[str, list[Any]] = {str(table.name): [] for table in projection.METADATA.sorted_tables}
        for table, row in rows_of(view):
            content[str(table)].append(msgspec.json.decode(msgspec.json.encode(row)))
    finally:
        views.close()
    return {
        str(table.name): {"columns": [str(column.name) for column in table.columns], "rows": content[str(table.name)]}
        for table in projection.METADATA.sorted_tables
    }
