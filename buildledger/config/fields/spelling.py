"""How single values are written in a configuration file: the way back from what `field_types.py` reads."""

from __future__ import annotations

import json
import re

from buildledger.config.reading import scalars

_UNITS = (("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1))
_SIZES = (("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("GB", 10**9), ("MB", 10**6), ("kB", 10**3))
_PLAIN = re.compile(r"(?![-?:](?:\s|\Z))[^\s,\[\]{}#&*!|>'\"%@`](?:[^\n]*[^\s])?\Z")
_CUT = re.compile(r":(?:\s|\Z)|\s#")


def duration(seconds: float | None) -> str:
    """`1h30m`; `never` for None. Milliseconds are the smallest unit."""
    if seconds is None:
        return "never"
    left = round(seconds * 1_000)
    parts = []
    for unit, milliseconds in _UNITS:
        count, left = divmod(left, milliseconds)
        parts += [f"{count}{unit}"] if count else []
    return "".join(parts) or "0s"


def size(size_bytes: int) -> str:
    """`10MB`: the largest unit in which it is a whole number."""
    for unit, unit_bytes in sorted(_SIZES, key=lambda each: -each[1]):
        if size_bytes and size_bytes % unit_bytes == 0:
            return f"{size_bytes // unit_bytes}{unit}"
    return f"{size_bytes}B"


def text(content: str, *, in_list: bool = False) -> str:
    """A text as it can be written on one line of YAML, in quotes only where it needs them; `in_list` between [ and ].

    For files that people read: nothing is folded.
    """
    is_plain = _PLAIN.match(content) and not _CUT.search(content) and content.isprintable()
    if is_plain and not (in_list and re.search(r"[,\[\]{}]", content)) and isinstance(scalars.resolve(content), str):
        return content
    if content.isprintable():
        return "'" + content.replace("'", "''") + "'"
    return json.dumps(content)
