"""Histories that were stored long ago still read and still mean the same."""

from __future__ import annotations

import msgspec
import pytest

from buildledger.events.catalogue import BY_NAME
from buildledger.events.codec import decode, encode
from tests.golden.histories import expected, lines, names
from tests.golden.record import conclude


@pytest.mark.parametrize("name", names())
def test_a_history_comes_to_the_recorded_state(name: str) -> None:
    """Decoded, upcast and folded by today's rules; its tree has the root it had then."""
    assert conclude(lines(name)) == expected(name)


@pytest.mark.parametrize("name", names())
def test_current_facts_are_still_written_as_they_were(name: str) -> None:
    """So a repeated command, or an export that is imported again, gives the very same bytes."""
    for line in lines(name):
        fact, meta = decode(line.name, line.stored.encode())
        if line.name == fact.NAME:
            assert encode(fact, meta).decode() == line.stored


@pytest.mark.parametrize("name", names())
def test_a_history_is_one_whole_stream(name: str) -> None:
    """Versions from 1 without gaps, of one stream."""
    history = lines(name)
    assert [line.version for line in history] == list(range(1, len(history) + 1))
    assert len({line.stream_id for line in history}) == 1
    assert msgspec.json.decode(history[0].stored)


def test_every_name_of_the_catalogue_has_a_history() -> None:
    """A fact that is new needs a story: add it to tests/golden/stories/ and run `python -m tests.golden.record`."""
    recorded = {line.name for name in names() for line in lines(name)}
    assert recorded == set(BY_NAME)
