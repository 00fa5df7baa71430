"""Writes rows for versions of projections that have none; see this package's docstring."""

from __future__ import annotations

import tempfile
from pathlib import Path

import msgspec

from buildledger.ledger.ledger import Ledger
from buildledger.ledger.store import FactQuery
from buildledger.projections.registry import PROJECTIONS
from buildledger.testing.clock import VirtualClock
from tests.golden.histories import Line
from tests.golden.projections.rows import HISTORY, golden, rows
from tests.projections.samples import START
from tests.projections.world import World

ACTIONS = 400
FACTS_MAX = 5_000


def _play() -> bytes:
    with tempfile.TemporaryDirectory() as directory:
        clock = VirtualClock(START)
        ledger = Ledger.open(f"sqlite:///{directory}/ledger.db", clock=clock)
        World(ledger, 7, clock).act(ACTIONS)
        stored = ledger.store.select_facts(FactQuery(), FACTS_MAX)
        ledger.close()
    lines = [
        Line(stream_id=each.stream_id, version=each.version, name=each.name, stored=each.body.decode())
        for each in stored
    ]
    return msgspec.json.Encoder().encode_lines(lines)


def main() -> None:
    if not HISTORY.exists():
        HISTORY.write_bytes(_play())
    for projection in PROJECTIONS:
        if not (path := golden(projection)).exists():
            with tempfile.TemporaryDirectory() as directory:
                path.write_bytes(msgspec.json.encode(rows(projection, Path(directory))) + b"\n")


if __name__ == "__main__":
    main()
