"""The shape of all facts, as `facts.shape.json` holds it; `python -m tests.golden.facts` adds what is new to it."""

from __future__ import annotations

from pathlib import Path

import msgspec

from buildledger.events.catalogue import FACTS
from buildledger.events.fact import Metadata
from tests.golden.shapes import Shape, breaks, shape_of

PATH = Path(__file__).parent / "facts.shape.json"


def recorded() -> Shape:
    """The shape that facts have had."""
    return msgspec.json.decode(PATH.read_bytes(), type=Shape)


def today() -> Shape:
    """The shape that they have."""
    return shape_of(*FACTS, Metadata)


if __name__ == "__main__":
    if PATH.exists() and (changes := breaks(recorded(), today(), optional_may_come=True)):
        raise SystemExit(f"what is stored can't change: make a new version of the fact: {changes}")
    PATH.write_bytes(msgspec.json.format(msgspec.json.encode(today())) + b"\n")
