"""Is this a file of another system? Then one plain statement and a short guide, in the place of thirty problems."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from buildledger.config.foreign.systems import DRONE, GITLAB, PROGRAMS, SYSTEMS, System

_NAMED_MAX = 8
_PARTS_MAX = 8
_YAML_TEXT = (
    (re.compile(r"^kind:\s*pipeline\s*$", re.MULTILINE), DRONE),
    (re.compile(r"^(?:stages|include|default|\.[\w-]+):\s*$", re.MULTILINE), GITLAB),
)
"""By which a file is known that isn't one YAML document, or has tags."""


class Foreign(NamedTuple):
    """A file of another system."""

    name: str
    notes: tuple[str, ...]
    """What its parts are here, a line each."""


def recognise(text: str, data: Any) -> Foreign | None:
    """Whose file this is; None for one that is ours, or nobody's.

    `data` is what its YAML says, None if it isn't YAML of one document.
    """
    if isinstance(data, dict):
        return None if is_ours(data) else next((_of(each, data) for each in SYSTEMS if each.looks_like(data)), None)
    for program in PROGRAMS:
        if program.looks_like.search(text):
            jobs = list(dict.fromkeys(program.jobs.findall(text)))
            return Foreign(
                program.name, _notes(program.jobs_are, jobs, _mentioned(program.parts, text), program.section)
            )
    for pattern, system in _YAML_TEXT:
        if data is None and pattern.search(text):
            return Foreign(system.name, _notes(system.jobs_are, [], _mentioned(system.parts, text), system.section))
    return None


def is_ours(data: dict[str, Any]) -> bool:
    """Whether a mapping is meant for Build Ledger, whatever else is in it."""
    return bool({"builders", "sources"} & data.keys()) or data.get("version") == 1


def _mentioned(parts: tuple[tuple[str, str], ...], text: str) -> list[tuple[str, str]]:
    return [part for part in parts if re.search(rf"\b{part[0]}\b", text)]


def _of(system: System, data: dict[str, Any]) -> Foreign:
    used = set(_keys(data))
    parts = [part for part in system.parts if part[0] in used]
    return Foreign(system.name, _notes(system.jobs_are, system.jobs(data), parts, system.section))


def _keys(value: Any) -> Iterator[str]:
    """All keys of a document; one that is reached twice is looked at once."""
    stack, seen = [value], set()
    while stack:
        each = stack.pop()
        if isinstance(each, dict | list) and id(each) not in seen:
            seen.add(id(each))
            stack.extend(each.values() if isinstance(each, dict) else each)
            yield from map(str, each) if isinstance(each, dict) else ()


def _notes(jobs_are: str, jobs: list[str], parts: list[tuple[str, str]], section: str) -> tuple[str, ...]:
    notes = []
    if jobs:
        more = f" and {len(jobs) - _NAMED_MAX} more" if len(jobs) > _NAMED_MAX else ""
        notes.append(f"{jobs_are}: {', '.join(jobs[:_NAMED_MAX])}{more}")
    width = max((len(key) for key, _ in parts[:_PARTS_MAX]), default=0)
    notes += [f"{key:<{width}}  →  {ours}" for key, ours in parts[:_PARTS_MAX]]
    return (*notes, f"more in docs/from-others.md#{section}")
