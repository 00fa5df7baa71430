"""Writes the golden texts and shapes of formats that have none; see this package's docstring."""

from __future__ import annotations

import msgspec

from tests.golden.stored.texts import KINDS, examples


def main() -> None:
    texts = examples()
    for kind in KINDS:
        if not (path := kind.golden(kind.format.newest)).exists():
            path.write_text(texts[kind.name] + "\n")
        if not (path := kind.golden_shape(kind.format.newest)).exists():
            path.write_bytes(msgspec.json.format(msgspec.json.encode(kind.shape_now())) + b"\n")


if __name__ == "__main__":
    main()
