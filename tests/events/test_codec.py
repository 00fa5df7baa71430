"""What is stored is what was meant."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from buildledger.events.catalogue import BY_NAME, FACTS
from buildledger.events.codec import MalformedFactError, UnknownFactError, decode, encode, newest
from buildledger.events.fact import Fact, Metadata
from tests.events.strategies import METADATA, facts

COMPLETE = st.sampled_from(FACTS).flatmap(facts)


@pytest.mark.parametrize("cls", FACTS, ids=lambda cls: cls.NAME)
@settings(max_examples=25, deadline=None)
@given(data=st.data(), meta=METADATA)
def test_every_fact_comes_back_from_its_bytes(cls: type[Fact], data: st.DataObject, meta: Metadata) -> None:
    """Equal, in its newest version, with who and why; and its bytes are the same every time."""
    fact = data.draw(facts(cls))
    stored = encode(fact, meta)
    assert decode(cls.NAME, stored) == (newest(fact), meta)
    assert encode(fact, meta) == stored


@settings(max_examples=200, deadline=None)
@given(fact=COMPLETE, meta=METADATA)
def test_bytes_are_json_that_anybody_can_read(fact: Fact, meta: Metadata) -> None:
    """An object of fact and metadata; recording time and actor are always there."""
    stored = msgspec.json.decode(encode(fact, meta))
    assert set(stored) == {"fact", "meta"}
    assert {"at", "by", "cmd"} <= set(stored["meta"])


@settings(max_examples=200, deadline=None)
@given(name=st.sampled_from(sorted(BY_NAME)), data=st.binary(max_size=60))
def test_other_bytes_are_refused_by_name(name: str, data: bytes) -> None:
    """Never with another error, whatever they are."""
    with pytest.raises(MalformedFactError, match=name):
        decode(name, data)


@settings(max_examples=200, deadline=None)
@given(fact=COMPLETE, meta=METADATA, data=st.data())
def test_damaged_bytes_are_refused_or_still_a_fact(fact: Fact, meta: Metadata, data: st.DataObject) -> None:
    """A flipped bit never surfaces as another kind of failure."""
    stored = bytearray(encode(fact, meta))
    at = data.draw(st.integers(0, len(stored) - 1))
    stored[at] ^= 1 << data.draw(st.integers(0, 7))
    try:
        decoded: Any = decode(fact.NAME, bytes(stored))
    except MalformedFactError:
        return
    assert isinstance(decoded[0], Fact)


def test_an_unknown_name_is_refused() -> None:
    """With that name, for whoever opened a newer ledger with an older version."""
    with pytest.raises(UnknownFactError, match=r"worker\.teleported\.v1"):
        decode("worker.teleported.v1", b"{}")
