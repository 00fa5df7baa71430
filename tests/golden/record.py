"""Writes histories for new stories; see this package's docstring."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import msgspec

from buildledger.audit.replay import aggregate_of
from buildledger.events.codec import encode
from buildledger.events.fact import Fact, Metadata
from buildledger.ledger.merkle import Frontier
from buildledger.ledger.store import leaf_of
from buildledger.ledger.streams import Stream
from tests.golden.histories import DIRECTORY, Expected, Line, lines, names
from tests.golden.stories.every import STORIES
from tests.golden.stories.values import an_id

BEGINNING = datetime(2026, 1, 1, 12, tzinfo=UTC)


def main(states_too: bool) -> None:
    for name, facts in STORIES.items():
        path = DIRECTORY / f"{name}.jsonl"
        if not path.exists():
            history = [_line(name, version, fact) for version, fact in enumerate(facts, 1)]
            path.write_bytes(msgspec.json.Encoder().encode_lines(history))
            _record_state(name)
    for name in names() if states_too else ():
        _record_state(name)


def conclude(history: Sequence[Line]) -> Expected:
    """What a history comes to today."""
    stream = Stream(aggregate_of(history[0].name), history[0].stream_id)
    stream.fold([line.event for line in history])
    frontier = Frontier()
    for line in history:
        frontier.append(leaf_of(line.event))
    state = msgspec.json.decode(msgspec.json.encode(stream.state))
    return Expected(aggregate=stream.aggregate.name, version=stream.version, root=frontier.root().hex(), state=state)


def _line(story: str, version: int, fact: Fact) -> Line:
    meta = Metadata(
        recorded_at=BEGINNING + timedelta(seconds=version, microseconds=version),
        actor="user:" + str(an_id("claim")) if version % 2 else "system",
        command_id=an_id(f"{story} command {version}"),
        causation_id=an_id(f"{story} command {version - 1}") if version > 1 else None,
        correlation_id=an_id("chain"),
    )
    return Line(stream_id=an_id(story), version=version, name=fact.NAME, stored=encode(fact, meta).decode())


def _record_state(name: str) -> None:
    content = msgspec.json.format(msgspec.json.encode(conclude(lines(name)), order="deterministic"))
    (DIRECTORY / f"{name}.state.json").write_bytes(content + b"\n")


if __name__ == "__main__":
    main("--states" in sys.argv[1:])
