"""The ledger can tell what was so at any of its positions."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import pytest

from buildledger.audit.replay import aggregate_of, replay
from buildledger.events.catalogue import FACTS
from buildledger.ledger.ledger import Ledger
from tests.ledger.samples import CLOCK, SYSTEM, finish_log, log_id, open_log, pause, resume


@pytest.fixture
def ledger(database_url: str) -> Iterator[Ledger]:
    ledger = Ledger.open(database_url, clock=CLOCK)
    for command in (open_log("a"), pause("w"), finish_log("a"), resume("w"), open_log("b")):
        ledger.execute_blocking(command, origin=SYSTEM)
    yield ledger
    ledger.close()


def test_everything_as_of_a_position(ledger: Ledger) -> None:
    """Streams in the order of their beginnings, each as it was then."""
    replayed = replay(ledger.store, to=3)
    assert replayed.position == 3
    assert [(s.aggregate, s.version, s.position) for s in replayed.streams] == [("log", 2, 3), ("worker", 1, 2)]
    assert replayed.streams[0].state["finished"]["size_bytes"] == 1
    assert replayed.streams[1].state["paused"] is True
    assert replay(ledger.store, to=4).streams[1].state["paused"] is False


def test_the_present_and_the_beginning(ledger: Ledger) -> None:
    """Beyond the head is the head; position 0 is before everything; below there is nothing."""
    assert replay(ledger.store) == replay(ledger.store, to=5) == replay(ledger.store, to=99)
    assert replay(ledger.store, to=0).streams == ()
    with pytest.raises(ValueError, match="positions start at 1"):
        replay(ledger.store, to=-1)


def test_one_stream_as_of_a_position(ledger: Ledger) -> None:
    """Only that stream, and nothing before it began."""
    first, last = (replay(ledger.store, to=to, stream_id=log_id("a")) for to in (2, 5))
    assert [(s.version, s.state["finished"]) for s in first.streams] == [(1, None)]
    assert [s.version for s in last.streams] == [2]
    assert replay(ledger.store, to=4, stream_id=log_id("b")).streams == ()


def test_the_answer_is_json(ledger: Ledger) -> None:
    """All of it."""
    data = msgspec.json.decode(replay(ledger.store).to_json())
    assert data["position"] == 5
    assert len(data["streams"]) == 3


def test_every_fact_belongs_to_an_aggregate() -> None:
    """So any stream can be replayed."""
    assert {aggregate_of(fact.NAME).name for fact in FACTS}
