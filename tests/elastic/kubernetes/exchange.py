"""One request to an API server and its answer, and how they are running in files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec

DIRECTORY = Path(__file__).parent / "exchanges"


class Exchange(msgspec.Struct, frozen=True, kw_only=True):
    """As it was, but for headers: of those only what the client looks at is running."""

    method: str
    path: str
    """With its query."""
    sent: Any
    """The body, as JSON; null: none."""
    status: int
    answer: Any


class Recording(msgspec.Struct, frozen=True, kw_only=True):
    """All exchanges of one scenario, in order."""

    recorded_from: str
    exchanges: list[Exchange]


def load(name: str) -> Recording:
    """A recording."""
    return msgspec.json.decode((DIRECTORY / f"{name}.json").read_bytes(), type=Recording)


def save(name: str, recording: Recording) -> None:
    """Keep a recording, readable, so that a new one can be compared with it."""
    DIRECTORY.mkdir(exist_ok=True)
    text = json.dumps(msgspec.to_builtins(recording), indent=1, sort_keys=True)
    (DIRECTORY / f"{name}.json").write_text(f"{text}\n")
