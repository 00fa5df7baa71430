"""The rows that projections make of the recorded history."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from buildledger.events.codec import decode
from buildledger.events.fact import Recorded
from buildledger.projections.projection import Projection
from buildledger.projections.storage import SqliteViews
from buildledger.projections.views import Views
from buildledger.testing.views import rows_of
from tests.golden.histories import Line, lines

DIRECTORY = Path(__file__).parent
HISTORY = DIRECTORY / "history.jsonl"
STORIES = ("build-with-files-and-tests", "machine")
"""What the simulated installation doesn't do: files, test reports, elastic workers."""
BATCH_FACTS = 50


def golden(projection: Projection) -> Path:
    """The file of a projection's present version."""
    return DIRECTORY / f"{projection.NAME}.{projection.VERSION}.json"


def history() -> list[Recorded]:
    """The recorded facts and then those of some stories, in the order of positions."""
    recorded = msgspec.json.Decoder(Line).decode_lines(HISTORY.read_bytes())
    told = [line for name in STORIES for line in lines(name)]
    return [_recorded(position, line) for position, line in enumerate((*recorded, *told), 1)]


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
