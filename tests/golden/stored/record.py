"""Adds golden texts and shapes to the newest formats; see this package's docstring."""

from __future__ import annotations

import msgspec

from tests.golden.shapes import breaks
from tests.golden.stored.texts import KINDS, Kind, examples


def main() -> None:
    texts = examples()
    for kind in KINDS:
        if changes := _breaks(kind):
            raise SystemExit(f"{kind.name} has changed: raise {kind.raise_here} first: {changes}")
        path = kind.golden(kind.format.newest)
        known = path.read_text() if path.exists() else ""
        if texts[kind.name] not in known.splitlines():
            path.write_text(f"{known}{texts[kind.name]}\n")
        kind.golden_shape(kind.format.newest).write_bytes(
            msgspec.json.format(msgspec.json.encode(kind.shape_now())) + b"\n"
        )


def _breaks(kind: Kind) -> list[str]:
    return breaks(kind.shape_then(), kind.shape_now()) if kind.golden_shape(kind.format.newest).exists() else []


if __name__ == "__main__":
    main()
